import { notFound } from "next/navigation";
import { requirePageUser } from "../require-page-user";

/** An admin page's user; to everybody else there is nothing here. Those not signed in are sent to the way in. */
export async function adminUser(path: `/admin${string}`) {
  const user = await requirePageUser(path);
  if (!user.admin) notFound();
  return user;
}
