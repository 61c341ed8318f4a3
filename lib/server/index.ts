/** Puts the parts of a server together. It runs once, before the first request. */
import { entitlementCache, withNews } from "@/lib/cache";
import { configuredGateway, provideGateway } from "@/lib/database";

export function assemble(): void {
  provideGateway(() => withNews(configuredGateway(), entitlementCache()));
}
