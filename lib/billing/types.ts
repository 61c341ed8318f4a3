/** The types of billing: facts, and the timeline that the fold computes from them. */
export * from "./facts";
export * from "./timeline-types";
