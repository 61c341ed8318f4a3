import { gateway } from "@/lib/database";
import { createScrape } from "./scrape";

/** The process's reader of the metrics. */
export const scrape = createScrape(gateway);
