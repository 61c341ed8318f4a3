/** The entry `tollgate`: the parts of an installation's config, and the types of its names. */
export type { Brand, ConfigInput, ConfigOf, PageLink, Paths, PlanInput, ProductInput } from "@/lib/config/config-types";
export { pathsBelow } from "@/lib/config/default-paths";
export { defineConfig } from "@/lib/config/define-config";
export { clerk, type IdentifiedUser, type Identify, type IdentityPreset, local, supabase } from "@/lib/config/identify";
export { type Counter, counter, type Gauge, gauge } from "@/lib/config/meters";
export { eur, gbp, type Money, money, usd } from "@/lib/config/money";
// All exports, since `declare module "tollgate"` reaches an interface only by `export *`.
export * from "@/lib/config/register";
