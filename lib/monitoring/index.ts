export { health } from "./health";
export { scrape } from "./process-scrape";
