import { currentConfig } from "@/lib/config/current-catalog";
import { log } from "@/lib/core/observability";
import type { BeforePageResult, IdentityProvider } from "./identity";
import { identityKind } from "./kind";

/** The provider that the config or the environment chooses. No other provider's code is loaded. */
export async function provider(): Promise<IdentityProvider | null> {
  const { identify } = currentConfig();
  if (typeof identify === "function") return (await import("./function-provider")).functionProvider(identify);
  switch (identityKind()) {
    case "clerk":
      return (await import("./clerk")).clerk;
    case "supabase":
      return (await import("./supabase")).supabase;
    case "local":
      return (await import("./local")).local;
    default:
      return null;
  }
}

/**
 * The provider's action before a page is rendered, for proxy.ts; null for none. Never throws: the page checks access and
 * shows a better message than an error.
 */
export async function beforePage(request: Request): Promise<BeforePageResult | null> {
  try {
    return (await (await provider())?.beforePage?.(request)) ?? null;
  } catch (error) {
    log.warn({ error: String(error) }, "The identity provider failed before a page");
    return null;
  }
}
