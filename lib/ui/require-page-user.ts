import type { Route } from "next";
import { redirect } from "next/navigation";
import { currentUser } from "@/lib/identity";
import { enterPage } from "@/lib/rate-limit";

/** A page's signed-in user; where there is none, the way to sign in and back to `path`. */
export async function requirePageUser(path: `/${string}`) {
  const user = await currentUser();
  if (user === null) redirect(`/sign-in?next=${encodeURIComponent(path)}` as Route);
  await enterPage(user.id);
  return user;
}
