/** Reads plain forms, for pages that work without script. */
import { DomainError } from "@/lib/core/domain-error";
import { requireBody } from "./body";

/**
 * The fields of a form, or null if the body is not a form.
 * @throws DomainError too_slow, too_large
 */
export async function formOf(request: Request): Promise<URLSearchParams | null> {
  if (!request.headers.get("content-type")?.startsWith("application/x-www-form-urlencoded")) return null;
  return new URLSearchParams(new TextDecoder().decode(await requireBody(request)));
}

/**
 * The fields of a posted form.
 * @throws DomainError bad_input if the body is not a form, too_slow, too_large
 */
export async function readForm(request: Request): Promise<URLSearchParams> {
  const form = await formOf(request);
  if (form === null) throw new DomainError("bad_input", "not_a_form", "The body is not a form.");
  return form;
}

/**
 * The fields of a server action's form, without React's own, which begin with a $.
 * @param form of any type: the browser chooses the arguments of a server action
 * @throws DomainError bad_input
 */
export function actionFields(form: unknown): Record<string, unknown> {
  if (!(form instanceof FormData)) throw new DomainError("bad_input", "not_a_form", "The body is not a form.");
  return Object.fromEntries([...form].filter(([name]) => !name.startsWith("$")));
}

/** Redirects with a GET, so that a reload does not post the form again. */
export function seeOther(location: string, headers: Record<string, string> = {}): Response {
  return new Response(null, { status: 303, headers: { location, "cache-control": "private, no-store", ...headers } });
}
