import { env } from "@/lib/env";
import { log } from "@/lib/observability";
import type { BeforePageResult, IdentityProvider } from "./identity";

/** The provider that the environment chooses. Loaded only when chosen: no other provider's code runs. */
export async function provider(): Promise<IdentityProvider | null> {
  switch (env().identity) {
    case "clerk":
      return (await import("./clerk")).clerk;
    case "supabase":
      return (await import("./supabase")).supabase;
    case "local":
      return (await import("./local")).local;
    case null:
      return null;
  }
}

/**
 * What the provider wants done before a page is rendered; for proxy.ts. null: nothing. Never throws: the page decides
 * who may see it, and says so better than an error would.
 */
export async function beforePage(request: Request): Promise<BeforePageResult | null> {
  try {
    return (await (await provider())?.beforePage?.(request)) ?? null;
  } catch (error) {
    log.warn({ error: String(error) }, "The identity provider's hand-off failed");
    return null;
  }
}
