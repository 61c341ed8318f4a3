import { json } from "@/lib/http";

/** Unknown API paths: the 404 is JSON too. */
function notFound() {
  return json({ error: "There is nothing here.", reason: "not_found" }, 404);
}

export { notFound as DELETE, notFound as GET, notFound as PATCH, notFound as POST, notFound as PUT };
