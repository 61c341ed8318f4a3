import { notFound } from "next/navigation";
import { requirePageUser } from "../require-page-user";

/** An admin page's user. Other users get 404, and signed-out visitors the sign-in page. */
export async function adminUser(path: `/admin${string}`) {
  const user = await requirePageUser(path);
  if (!user.admin) notFound();
  return user;
}
