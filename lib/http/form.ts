/** Reads plain forms, for pages that work without script. */
import { requireBody } from "./body";
import { HttpError } from "./http-error";

/**
 * The fields of a form, or null if the body is not a form.
 * @throws HttpError 408, 413
 */
export async function formOf(request: Request): Promise<URLSearchParams | null> {
  if (!request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded")) return null;
  return new URLSearchParams(new TextDecoder().decode(await requireBody(request)));
}

/**
 * The fields of a posted form.
 * @throws HttpError 400 if the body is not a form, 408, 413
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const form = await formOf(request);
  if (form === null) throw new HttpError(400, "not_a_form", "The body is not a form.");
  return form;
}

/**
 * The fields of a server action's form, without React's own, which begin with a $.
 * @param form of any type: the browser chooses the arguments of a server action
 * @throws HttpError 400
 */
export function actionFields(form: unknown): Record<string, unknown> {
  if (!(form instanceof FormData)) throw new HttpError(400, "not_a_form", "The body is not a form.");
  return Object.fromEntries([...form].filter(([name]) => !name.startsWith("$")));
}

/** Redirects with a GET, so that a reload does not post the form again. */
export function seeOther(location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 303, headers: { location, "cache-control": "private, no-store", ...headers } });
}
