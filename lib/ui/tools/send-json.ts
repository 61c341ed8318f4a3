/** A refusal of our routes: a sentence for the user, and a reason code. */
export interface Refusal {
  error: string;
  reason?: string;
  /** At a limit: the field, and its used amount. */
  field?: string;
  used?: number;
}

export type Answer<T> = { ok: true; value: T } | { ok: false; status: number; refusal: Refusal };

export const UNREACHABLE = "The server cannot be reached right now. Please try again.";

/**
 * Calls one of our own JSON routes; never throws. `T` is not checked, since page and route are one build. Status 0: no
 * answer.
 */
export async function sendJson<T>(
  method: "GET" | "POST" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? null : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) return { ok: false, status: response.status, refusal: refusalOf(text) };
    return { ok: true, value: (text === "" ? undefined : JSON.parse(text)) as T };
  } catch {
    return { ok: false, status: 0, refusal: { error: UNREACHABLE } };
  }
}

/** The refusal in a response body. A proxy in front of the server may answer in another format. */
export function refusalOf(text: string): Refusal {
  try {
    const value = JSON.parse(text);
    return { ...value, error: value.error ?? UNREACHABLE };
  } catch {
    return { error: UNREACHABLE };
  }
}
