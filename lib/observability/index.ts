export { health } from "./health";
export { log } from "./log";
export { documented, measures, secondsSince } from "./measures";
export { scrape } from "./process-scrape";
export { inRequest, requestId } from "./request";
