/** Puts the parts of a server together. It runs once, before the first request. */

import { configuredGateway, provideGateway } from "@/lib/database";
import { entitlementCache, withInvalidation } from "@/lib/entitlements/cache";

export function assemble(): void {
  provideGateway(() => withInvalidation(configuredGateway(), entitlementCache()));
}
