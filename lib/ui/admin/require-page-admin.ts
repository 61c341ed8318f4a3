import { notFound } from "next/navigation";
import { requirePageUser } from "../require-page-user";

/** The admin who opened the page. Other users get 404; a signed-out visitor is redirected to sign in. */
export async function requirePageAdmin(path: `/${string}`) {
  const user = await requirePageUser(path);
  if (!user.admin) notFound();
  return user;
}
