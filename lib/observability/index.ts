export { log } from "./log";
export { documented, measures, secondsSince } from "./measures";
export { inRequest, requestId } from "./request";
