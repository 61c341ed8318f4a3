import type { Route } from "next";
import { redirect } from "next/navigation";
import { paths } from "@/lib/config/current-catalog";
import { currentUser } from "@/lib/identity";
import { enterPage } from "@/lib/rate-limit";

/** A page's signed-in user. A signed-out visitor is redirected to sign in and returns to `path`. */
export async function requirePageUser(path: `/${string}`) {
  const user = await currentUser();
  if (user === null) redirect(`${paths().signIn}?next=${encodeURIComponent(path)}` as Route);
  await enterPage(user.id);
  return user;
}
