/** A client as the documentation describes it: it repeats a request with the same key until it is answered. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientLog } from "./client-log";
import type { Random } from "./random";

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the caller of each route knows its answer.
  body: any;
  headers: Headers;
  /** Earlier attempts; with 0, no work was done without an answer. */
  repeats: number;
}

export interface Ask {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  headers?: Record<string, string>;
}

/** Longer than the server takes for its 503; a later answer counts as lost. */
const MAX_WAIT_MS = 6_000;

export function clientOf(url: string, clientLog: ClientLog, random: Random) {
  /** One attempt; null without an answer, or with one that asks to repeat. */
  async function attempt(
    path: string,
    { method = "POST", body, headers = {} }: Ask,
  ): Promise<Omit<Answer, "repeats"> | null> {
    let response: Response;
    let text: string;
    try {
      const content = typeof body === "string" || body === undefined ? body : JSON.stringify(body);
      response = await fetch(`${url}${path}`, {
        method,
        headers: { ...(content !== undefined && { "content-type": "application/json" }), ...headers },
        body: content ?? null,
        signal: AbortSignal.timeout(MAX_WAIT_MS),
      });
      text = await response.text();
    } catch {
      clientLog.count("no answer");
      return null;
    }
    clientLog.count(String(response.status));
    if (response.status === 503) {
      if (!response.headers.has("retry-after")) clientLog.wrong.push(`${path}: 503 without Retry-After`);
      return null;
    }
    if (response.status >= 500) {
      clientLog.wrong.push(`${path}: ${response.status} ${text.slice(0, 120)}`);
      return null;
    }
    return { status: response.status, body: text === "" ? null : JSON.parse(text), headers: response.headers };
  }

  return {
    attempt,

    /**
     * Repeats the request until there is an answer. Each attempt gets new `headers`, since a signature contains a time.
     */
    async ask(path: string, ask: Omit<Ask, "headers"> & { headers?: () => Record<string, string> }): Promise<Answer> {
      for (let repeats = 0; ; repeats += 1) {
        const answer = await attempt(path, { ...ask, headers: ask.headers?.() ?? {} });
        if (answer) return { ...answer, repeats };
        await sleep(random.whole(100, 700));
      }
    },
  };
}

export type Client = ReturnType<typeof clientOf>;
