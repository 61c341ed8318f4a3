/**
 * Sends damaged Stripe deliveries to the webhook handler: none is accepted without its signature, none causes an error,
 * and each accepted one has an outcome. FUZZ_RUNS deliveries use a database in memory, then FUZZ_DATABASE_RUNS a real
 * one; FUZZ_SEED repeats a run.
 */
import "./preflight";
import "./provide-catalog";
import "./fuzz/environment";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import type { Fact } from "@/lib/billing/types";
import { priceLists } from "@/lib/config/current-catalog";
import { createGateway, type Gateway } from "@/lib/database/gateway";
import { EVERY_PART, migrate } from "@/lib/database/migrate";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { readBody } from "@/lib/http";
import { startEmbeddedPostgres } from "@/lib/local/embedded";
import { stripe } from "@/lib/processors/stripe";
import { SHAPES, type StripeObject } from "@/lib/sandbox/event-builders/stripe/events";
import { fixtureEvents } from "@/lib/sandbox/event-builders/stripe/fixture-events";
import { rebuildAll } from "@/lib/webhooks/rebuild";
import { receive } from "@/lib/webhooks/receive";
import config from "@/tollgate.config";
import { changedBody } from "./fuzz/byte-mutations";
import { changedEvent } from "./fuzz/json-mutations";
import { memoryTransport } from "./fuzz/memory-transport";
import { type Random, randomFrom } from "./fuzz/random";
import { badSignature, goodSignature, SECRET } from "./fuzz/signatures";

const RUNS = Number(process.env.FUZZ_RUNS ?? 100_000);
const DATABASE_RUNS = Number(process.env.FUZZ_DATABASE_RUNS ?? 3_000);
const SEED = Number(process.env.FUZZ_SEED ?? Date.now() % 2 ** 31);
const USERS = 100;
/** The number of failures to print. */
const SHOWN = 5;

const endpoint = {
  source: stripe,
  secrets: [SECRET],
  findPrice: priceLists("stripe", {}, { sandbox: true }).find,
  livemode: false,
};
const fixtures = SHAPES.flatMap((shape) => Object.values(fixtureEvents(shape)));
const counts = new Map<string, number>();
const failures: string[] = [];

/** A fixture's event for one of many users, so that their events interact. */
function anyEvent(run: number, { pick, below }: Random): StripeObject {
  const text = ofUser(String(below(USERS)), JSON.stringify(pick(fixtures)));
  return { ...(JSON.parse(text) as StripeObject), id: `evt_fuzz_${run}` };
}

function ofUser(user: string, text: string): string {
  return text.replaceAll("Ada", `Ada${user}`).replaceAll("user_ada", `user_${user}`);
}

/** The same call as the route's. */
async function deliver(body: Buffer, signature: string | null, gateway: Gateway) {
  const request = new Request("http://localhost/", { method: "POST", body: new Uint8Array(body) });
  const raw = await readBody(request);
  return raw === null ? { status: 413, body: {} } : await receive({ raw, signature }, endpoint, gateway);
}

async function fuzz(name: string, runs: number, gateway: Gateway): Promise<void> {
  const started = performance.now();
  for (let run = 0; run < runs; run++) {
    const random = randomFrom(SEED + run);
    const signed = random.chance(0.5);
    const body = changedBody(Buffer.from(changedEvent(anyEvent(run, random), random)), random);
    const signature = signed ? goodSignature(body) : badSignature(body, random);
    const problem = await problemOf(name, { body, signature, signed }, gateway);
    if (problem) failures.push(`${name}, FUZZ_SEED=${SEED + run} FUZZ_RUNS=1: ${problem}`);
  }
  console.log(`${name}: ${runs} deliveries in ${((performance.now() - started) / 1000).toFixed(1)} s`);
}

interface Delivery {
  body: Buffer;
  signature: string | null;
  signed: boolean;
}

async function problemOf(name: string, { body, signature, signed }: Delivery, gateway: Gateway) {
  try {
    const { status, body: answer } = await deliver(body, signature, gateway);
    const { outcome, reason } = answer as { outcome?: string; reason?: string };
    const result = status === 200 ? outcome : reason;
    const key = `${name}  ${signed ? "signed" : "badly signed"}  ${status}  ${result ?? ""}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
    if (![200, 400, 413].includes(status)) return `answered ${status}`;
    if (!signed && status === 200) return "accepted without its signature";
    if (status === 200 && !outcome) return "accepted without an outcome";
    if (reason === "will_be_retried") return "could not be decided";
  } catch (error) {
    return `threw ${error instanceof Error ? error.stack : String(error)}`;
  }
  return null;
}

/** The stored facts of a user in the memory database: the fixtures' facts of one product. */
function knownFacts(): (userId: string) => Fact[] {
  const facts = Object.values(fixtureEvents("basil")).flatMap((event) => {
    const parsed = stripe.parse(Buffer.from(JSON.stringify(event)));
    const normalized = parsed.ok ? stripe.normalize(parsed.event, endpoint.findPrice) : null;
    if (normalized?.outcome !== "facts") return [];
    return normalized.facts.filter(({ product }) => product === "mail").map(({ fact }) => fact);
  });
  return (userId) => facts.map((fact) => ({ ...fact, subscription: ofUser(userId.slice(5), fact.subscription) }));
}

async function fuzzDatabase(): Promise<void> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-fuzz-"));
  const settings = { fsync: "off", full_page_writes: "off" };
  const server = await startEmbeddedPostgres({ directory: path.join(directory, "postgres"), settings });
  try {
    await migrate(server.url, config, EVERY_PART);
    const gateway = createGateway(postgresTransport(server.url));
    await fuzz("database", DATABASE_RUNS, gateway);
    for await (const { userId, product, differences } of rebuildAll(gateway, { repair: false })) {
      if (differences.length > 0) failures.push(`${userId} ${product} differs when rebuilt`);
    }
    await gateway.end();
  } finally {
    await server.stop();
    rmSync(directory, { recursive: true, force: true });
  }
}

console.log(`FUZZ_SEED=${SEED}`);
await fuzz("memory", RUNS, createGateway(memoryTransport(knownFacts())));
if (DATABASE_RUNS > 0) await fuzzDatabase();
for (const [key, count] of [...counts].sort(([a], [b]) => (a < b ? -1 : 1))) {
  console.log(`${String(count).padStart(8)}  ${key}`);
}
for (const failure of failures.slice(0, SHOWN)) console.log(failure);
console.log(failures.length === 0 ? "fuzz: nothing found" : `fuzz: ${failures.length} failures`);
process.exitCode = failures.length === 0 ? 0 : 1;
