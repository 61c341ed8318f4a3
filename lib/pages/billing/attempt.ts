import type { Route } from "next";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { DomainError } from "@/lib/core/domain-error";
import { DatabaseError } from "@/lib/database";
import { requireSameOrigin } from "@/lib/http";
import { type CurrentUser, currentUser } from "@/lib/identity";
import { enterRequest } from "@/lib/rate-limit";
import { type Refusal, refusalText } from "@/lib/ui";

/**
 * Runs an action for the signed-in user and redirects to the path it returns. A refusal is returned for the form. The
 * origin is checked as in the routes.
 */
export async function attempt(work: (user: CurrentUser) => Promise<string>): Promise<Refusal | null> {
  let path: string;
  try {
    requireSameOrigin(new Request("http://action.invalid", { headers: await headers() }));
    const user = await currentUser();
    if (user === null) return { error: "You were signed out. Sign in to continue.", reason: "not_signed_in" };
    await enterRequest(user.id);
    path = await work(user);
  } catch (error) {
    if (error instanceof DomainError) return { error: refusalText(error.message), reason: error.reason };
    if (error instanceof DatabaseError) return { error: "That could not be stored right now. Please try again." };
    throw error;
  }
  // Outside the try, since a redirect is thrown.
  redirect(path as Route);
}
