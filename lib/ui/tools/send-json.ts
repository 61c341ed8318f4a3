/** What our routes answer when they do not do what was asked: a sentence for a person, a code for a program. */
export interface Refusal {
  error: string;
  reason?: string;
  /** At a limit: whose, and how much of it is used. */
  field?: string;
  used?: number;
}

export type Answer<T> = { ok: true; value: T } | { ok: false; status: number; refusal: Refusal };

export const UNREACHABLE = "Tollgate cannot be reached right now. Nothing was counted; please try again.";

/**
 * Calls one of our own JSON routes; never throws. `T` is believed: both sides are built together.
 * Status 0 stands for no answer at all.
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
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    if (!response.ok) return { ok: false, status: response.status, refusal: refusalOf(text) };
    return { ok: true, value: (text === "" ? undefined : JSON.parse(text)) as T };
  } catch {
    return { ok: false, status: 0, refusal: { error: UNREACHABLE } };
  }
}

/** The refusal in an answer; what stands before us may answer with something else. */
export function refusalOf(text: string): Refusal {
  try {
    const value = JSON.parse(text);
    return { ...value, error: value.error ?? UNREACHABLE };
  } catch {
    return { error: UNREACHABLE };
  }
}
