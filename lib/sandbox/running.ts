/** This process's sandbox, connected to its gateway and its webhook routes. */

import { randomBytes } from "node:crypto";
import type { Processor } from "@/lib/billing/types";
import { paths } from "@/lib/config/current-catalog";
import { env } from "@/lib/core/env";
import { log } from "@/lib/core/observability";
import { setSingleton, singleton } from "@/lib/core/singleton";
import { type Gateway, gateway } from "@/lib/database";
import type { FakeProcessor } from "./fake-processor";
import type { Send } from "./outbox";
import { type Connection, fakePaddle } from "./paddle";
import { createSandbox, type Sandbox } from "./sandbox";
import { fakeStripe, httpClientOver } from "./stripe";

const ANSWER_MS = 10_000;
const TICK_MS = 2_000;

const toOwnRoutes: Send = async (processor, raw, [name, value]) => {
  // Always loopback: APP_URL may name a proxy, and the events are for this process only.
  const response = await fetch(`http://localhost:${env().port}${paths().api}/webhook/${processor}`, {
    method: "POST",
    headers: { "content-type": "application/json; charset=utf-8", [name]: value },
    body: raw,
    signal: AbortSignal.timeout(ANSWER_MS),
  });
  await response.body?.cancel();
  return response.status;
};

function secret(processor: Processor): string | undefined {
  return env()[processor].webhookSecrets[0];
}

type RunJobs = (gateway: Gateway) => Promise<unknown>;

/** Sets the jobs that run while a clock is moved: those that work ahead of a renewal. */
export function provideSandboxJobs(run: RunJobs): void {
  setSingleton("sandbox-jobs", run);
}

function runJobs(): Promise<unknown> {
  const run = singleton("sandbox-jobs", (): RunJobs => async () => {});
  return run(gateway());
}

let current: Sandbox | undefined;

export function sandbox(): Sandbox {
  current ??= createSandbox({
    gateway: gateway(),
    processors: [fakeStripe as FakeProcessor, fakePaddle as FakeProcessor],
    send: toOwnRoutes,
    secret,
    runJobs,
  });
  return current;
}

/** The HTTP client that connects Stripe's SDK to the fake Stripe. */
export function stripeHttpClient(): ReturnType<typeof httpClientOver> {
  return httpClientOver(sandbox);
}

/** The address and key of the fake Paddle for Paddle's SDK; only this process knows the key. */
export function paddleConnection(): Connection {
  const { appUrl, port } = env();
  const apiKey = singleton("sandbox-paddle-key", () => `pdl_sdbx_apikey_${randomBytes(24).toString("hex")}`);
  const here = `http://localhost:${port}`;
  return { base: `${here}${paths().api}/sandbox/paddle/v1`, apiKey, site: appUrl ?? here };
}

const tick = singleton("sandbox-tick", (): { timer?: NodeJS.Timeout } => ({}));

/** Starts the tick: due actions by real time, and deliveries that failed or that an earlier process left. */
export function startSandbox(): void {
  let running = false;
  clearInterval(tick.timer);
  tick.timer = setInterval(async () => {
    if (running) return;
    running = true;
    try {
      await sandbox().tick();
    } catch (error) {
      log.warn({ error: String(error) }, "[Sandbox] Tick failed");
    } finally {
      running = false;
    }
  }, TICK_MS).unref();
}
