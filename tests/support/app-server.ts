/** The built app as a process of its own, configured by environment variables alone, as a host runs it. */
import { spawn } from "node:child_process";
import http from "node:http";
import net from "node:net";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, inject } from "vitest";
import { priceVariable } from "@/lib/config/catalog";
import { sellable } from "@/lib/config/current-catalog";
import { VARIABLE_NAMES } from "@/lib/core/env";
import { freePort } from "@/lib/local/free-port";

const ROOT = path.join(import.meta.dirname, "..", "..");

export interface AppAnswer {
  status: number;
  headers: http.IncomingHttpHeaders;
  cookies: string[];
  text: string;
  /** The body as JSON; undefined if it is none. */
  json: unknown;
}

export interface AppRequest {
  method?: string;
  headers?: Record<string, string>;
  /** Objects travel as JSON, texts as they are. */
  body?: unknown;
}

export interface AppServer {
  readonly url: string;
  /** Everything the server has written so far. */
  readonly output: string;
  /**
   * One request with its path exactly as given: no client may tidy it up. Redirects are not followed. A 503 with
   * Retry-After is asked again, as a real caller does: on a busy machine the database may answer too late.
   */
  send(rawPath: string, request?: AppRequest): Promise<AppAnswer>;
}

/** Starts the app before the file's tests and ends it after them. */
export function appServer(
  environment: (url: string) => Record<string, string> | Promise<Record<string, string>>,
): AppServer {
  let url = "";
  let output = "";
  let stop = async () => {};

  beforeAll(async () => {
    const port = await freePort();
    url = `http://localhost:${port}`;
    const child = spawn(
      process.execPath,
      ["--import", "tsx", path.join(ROOT, "scripts", "start.ts"), "-H", "localhost", "-p", String(port)],
      {
        cwd: ROOT,
        env: {
          ...process.env,
          ...unset(),
          NODE_ENV: "production",
          TOLLGATE_DIST_DIR: inject("distDir"),
          PORT: String(port),
          APP_URL: url,
          LOG_LEVEL: "info",
          // The app runs no jobs by itself: a test decides which of them run.
          CRON_SECRET: "cron-key-of-the-tests-of-no-one",
          ...(await environment(url)),
        },
        stdio: ["ignore", "pipe", "pipe"],
      },
    );
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk: Buffer) => (output += chunk));
    stop = async () => {
      child.kill("SIGTERM");
      while (child.exitCode === null && child.signalCode === null) await sleep(50);
    };
    const deadline = Date.now() + 600_000;
    while (!(await accepts(port))) {
      if (child.exitCode !== null || Date.now() > deadline) throw new Error(`The app did not start:\n${output}`);
      await sleep(100);
    }
  });
  afterAll(() => stop());

  return {
    get url() {
      return url;
    },
    get output() {
      return output;
    },
    async send(rawPath, request = {}) {
      for (;;) {
        const answer = await send(url, rawPath, request);
        const wait = Number(answer.headers["retry-after"]);
        if (answer.status !== 503 || !(wait > 0)) return answer;
        await sleep(wait * 1_000);
      }
    },
  };
}

/** The settings that every production installation needs beside database and identity. */
export const PROCESSOR = { STRIPE_SECRET_KEY: "sk_test_of_the_tests", STRIPE_WEBHOOK_SECRET: "whsec_of_the_tests" };

/** The sandbox's settings, beside its database: sessions are signed in by name. */
export const SANDBOX = {
  TOLLGATE_SANDBOX: "1",
  TOLLGATE_LOCAL_SECRET: "a-secret-of-the-tests-that-is-long-enough",
};

/** The headers of a session of this user, in the sandbox. */
export async function signedIn(app: Pick<AppServer, "send">, userId: string): Promise<{ cookie: string }> {
  const { cookies } = await app.send("/api/auth/local", { method: "POST", body: { userId } });
  return { cookie: cookies.map((each) => each.split(";")[0]).join("; ") };
}

function send(url: string, rawPath: string, { method = "GET", headers = {}, body }: AppRequest): Promise<AppAnswer> {
  const content = body === undefined || typeof body === "string" ? body : JSON.stringify(body);
  const type = typeof body === "object" ? { "content-type": "application/json" } : {};
  const { hostname, port, host } = new URL(url);
  // Said, since Node sends a body of DELETE without it, which no server reads.
  const length = content === undefined ? {} : { "content-length": String(Buffer.byteLength(content)) };
  const all = { host, ...type, ...length, ...headers };
  return new Promise((resolve, reject) => {
    const request = http.request(
      { hostname, port, method, path: rawPath, headers: all, agent: false },
      async (response) => {
        let text = "";
        try {
          for await (const chunk of response) text += chunk;
        } catch (error) {
          return reject(error);
        }
        const cookies = response.headers["set-cookie"] ?? [];
        resolve({ status: response.statusCode ?? 0, headers: response.headers, cookies, text, json: parsed(text) });
      },
    );
    request.on("error", reject);
    request.end(content);
  });
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Empty rather than missing, or a developer's .env would fill them in. */
function unset(): Record<string, string> {
  const prices = sellable().flatMap((price) => [priceVariable("stripe", price), priceVariable("paddle", price)]);
  return Object.fromEntries([...VARIABLE_NAMES, ...prices].map((name) => [name, ""]));
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = net.connect({ port, host: "localhost" });
    socket.on("connect", () => resolve(Boolean(socket.destroy())));
    socket.on("error", () => resolve(false));
  });
}
