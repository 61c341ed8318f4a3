/**
 * Identity by the installation's own function. Its answer is a value from outside: an error, or a value that is no usable user,
 * means that the visitor is not signed in.
 */
import { headers } from "next/headers";
import { unstable_rethrow } from "next/navigation";
import { cache } from "react";
import { z } from "zod";
import type { Identify } from "@/lib/config/identify";
import { log } from "@/lib/core/observability";
import { identifier, line, userIdSchema } from "@/lib/core/text";
import type { Identity, IdentityProvider } from "./identity";
import { ownUrl } from "./own-origin";

/** An unusable e-mail address or name counts as absent, as with every provider. */
const optional = (max: number) => line({ max }).nullish().catch(null);
const identifiedUser = z
  .object({
    userId: userIdSchema,
    email: optional(254),
    name: optional(200),
    role: identifier({ max: 100 }).nullish(),
  })
  .nullable();

/** The provider of a function. It renews no session and fetches no profile. */
export function functionProvider(identify: Identify): IdentityProvider {
  return {
    userOf: (_headers, _setCookies, request) =>
      request === undefined ? userOfPage(identify) : userOf(identify, requestOf(request)),
  };
}

/** A page asks for its user in several components, and the function runs once. */
const userOfPage = cache(async (identify: Identify) => {
  const request = new Request(ownUrl("/"), { headers: new Headers(await headers()) });
  // Next reports a redirect, and a page that cannot be prerendered, by errors of its own.
  return userOf(identify, request, unstable_rethrow);
});

/** The request without its body, which the route reads, at our own origin. */
function requestOf({ url, method, headers: own }: Request): Request {
  const { pathname, search } = new URL(url);
  return new Request(ownUrl(pathname + search), { method, headers: own });
}

async function userOf(
  identify: Identify,
  request: Request,
  rethrow: (error: unknown) => void = () => {},
): Promise<Identity | null> {
  try {
    const parsed = identifiedUser.safeParse(await identify(request));
    if (parsed.success) return parsed.data && identityOf(parsed.data);
    const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".") || "value"}: ${message}`);
    log.error({ problems }, "The config's identify function returned a value that is no user");
  } catch (error) {
    rethrow(error);
    log.error({ error: String(error) }, "The config's identify function failed");
  }
  return null;
}

function identityOf({ userId, email, name, role }: NonNullable<z.infer<typeof identifiedUser>>): Identity {
  return { id: userId, email: email ?? null, name: name ?? null, admin: role === "admin" };
}
