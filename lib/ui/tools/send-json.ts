/** What our routes answer when they do not do what was asked: a sentence for a person, a code for a program. */
export interface Refusal {
  error: string;
  reason?: string;
}

export type Answer<T> = { ok: true; value: T } | { ok: false; status: number; refusal: Refusal };

const UNREACHABLE = "Tollgate cannot be reached right now. Nothing was counted; please try again.";

/**
 * Calls one of our own JSON routes; never throws. `T` is believed: both sides are built together.
 * Status 0 stands for no answer at all.
 */
export async function sendJson<T>(method: "GET" | "POST" | "DELETE", path: string, body?: unknown): Promise<Answer<T>> {
  try {
    const response = await fetch(path, {
      method,
      headers: body === undefined ? {} : { "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const value = text === "" ? undefined : JSON.parse(text);
    if (response.ok) return { ok: true, value: value as T };
    return { ok: false, status: response.status, refusal: { ...value, error: value?.error ?? UNREACHABLE } };
  } catch {
    return { ok: false, status: 0, refusal: { error: UNREACHABLE } };
  }
}
