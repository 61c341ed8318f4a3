/** A client as the documentation asks for one: it repeats what was not answered, with the same key, until it was. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Told } from "./client-log";
import type { Random } from "./random";

export interface Answer {
  status: number;
  // biome-ignore lint/suspicious/noExplicitAny: what each route answers is read where it was asked.
  body: any;
  headers: Headers;
  /** How often it was asked before: with 0 nothing can have happened without an answer. */
  repeats: number;
}

export interface Ask {
  method?: "GET" | "POST" | "DELETE";
  body?: unknown;
  headers?: Record<string, string>;
}

/** Longer than the server takes for its 503; an answer after it counts as lost. */
const PATIENCE_MS = 6_000;

export function clientOf(url: string, told: Told, random: Random) {
  /** One attempt; null where no answer came, or the answer is that nobody can answer now. */
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
        body: content,
        signal: AbortSignal.timeout(PATIENCE_MS),
      });
      text = await response.text();
    } catch {
      told.count("no answer");
      return null;
    }
    told.count(String(response.status));
    if (response.status === 503) {
      if (!response.headers.has("retry-after")) told.wrong.push(`${path}: 503 without Retry-After`);
      return null;
    }
    if (response.status >= 500) {
      told.wrong.push(`${path}: ${response.status} ${text.slice(0, 120)}`);
      return null;
    }
    return { status: response.status, body: text === "" ? null : JSON.parse(text), headers: response.headers };
  }

  return {
    attempt,

    /** Asks until there is an answer. `headers` are made anew each time: a signature has its time. */
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
