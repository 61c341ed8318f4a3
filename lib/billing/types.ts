/** The terms of billing: facts, and the timeline that they add up to. */
export * from "./facts";
export * from "./timeline-types";
