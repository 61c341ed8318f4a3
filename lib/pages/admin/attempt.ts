import type { Route } from "next";
import { headers } from "next/headers";
import { redirect } from "next/navigation";
import { DomainError } from "@/lib/core/domain-error";
import { DatabaseError } from "@/lib/database";
import { requireSameOrigin } from "@/lib/http";
import { currentUser } from "@/lib/identity";
import { enterRequest } from "@/lib/rate-limit";
import type { Refusal } from "@/lib/ui";

/**
 * Runs an action for the signed-in admin and redirects to the path it returns. A refusal is returned for the form. The
 * origin is checked as in the routes.
 */
export async function attempt(work: (by: string) => Promise<string>): Promise<Refusal | null> {
  let path: string;
  try {
    requireSameOrigin(new Request("http://action.invalid", { headers: await headers() }));
    const user = await currentUser();
    if (!user?.admin) return { error: "Only an admin can do this. Sign in again.", reason: "not_signed_in" };
    await enterRequest(user.id);
    path = await work(user.id);
  } catch (error) {
    if (error instanceof DomainError) return { error: error.message, reason: error.reason };
    if (!(error instanceof DatabaseError)) throw error;
    const { problem, message } = error;
    if (problem === "conflict" || problem === "not_found" || problem === "bad_input" || problem === "forbidden")
      return { error: message, reason: error.reason ?? problem };
    return { error: "The database did not answer. Please try again." };
  }
  // Outside the try, since a redirect is thrown.
  redirect(path as Route);
}
