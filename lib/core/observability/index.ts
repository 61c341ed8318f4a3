export { log } from "./log";
export { documentedMetrics, metrics, secondsSince } from "./metrics";
export { inRequest, requestId } from "./request";
