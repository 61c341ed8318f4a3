import { gateway } from "@/lib/database";
import { createScrape } from "./scrape";

/** The scrape of this process. */
export const scrape = createScrape(gateway);
