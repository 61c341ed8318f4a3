/**
 * Plays the journey, then checks every request of the product and every answer and event of the sandbox by the
 * processors' own descriptions.
 */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import type { Processor } from "@/lib/billing/types";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { HANDLERS as PADDLE_HANDLERS } from "@/lib/processors/paddle/normalize";
import { HANDLERS as STRIPE_HANDLERS } from "@/lib/processors/stripe/normalize";
import { ROOT } from "@/scripts/project";
import { testDatabase } from "@/tests/support/database";
import { createFakePaddle } from "../support/fake-paddle";
import { playJourney } from "./journey/run-steps";
import { KnownDifferences, NOT_IN_DESCRIPTION, NOT_IN_EXAMPLES, NOT_IN_TYPES } from "./known";
import { PaddleDescription } from "./paddle-description";
import { listed, type Problem } from "./problem";
import { calls, type RecordedEvent, recordingFetch } from "./record";
import { typeProblems } from "./sdk-types";
import { missingData, sharedText } from "./shared-data";
import { fixtureProblems } from "./stripe-fixtures";
import { answersOf, eventValues, requestOf } from "./typed-values";
import { without } from "./without";

vi.mock("stripe", async (load) => {
  const { recordingClass, recordingFetch: recorded } = await import("./record");
  const original = await load<typeof import("stripe")>();
  const { createFetchHttpClient } = original.default;
  const sdk = recordingClass("stripe", original.default);
  return {
    ...original,
    default: new Proxy(sdk, {
      get: (target, name) =>
        name === "createFetchHttpClient"
          ? (way: typeof fetch) => createFetchHttpClient(recorded(way))
          : Reflect.get(target, name),
    }),
  };
});
vi.mock("@paddle/paddle-node-sdk", async (load) => {
  const { recordingClass } = await import("./record");
  const original = await load<typeof import("@paddle/paddle-node-sdk")>();
  return { ...original, Paddle: recordingClass("paddle", original.Paddle) };
});

const database = testDatabase();
const gateway = createGateway(postgresTransport(database.url));
const fake = createFakePaddle(gateway);
let events: RecordedEvent[] = [];
const found: Record<string, string[]> = {};

beforeAll(async () => {
  vi.stubGlobal("fetch", recordingFetch(fetch));
  events = await playJourney({ database, gateway, fake });
});
afterAll(async () => {
  vi.unstubAllGlobals();
  await gateway.end();
  const counts = {
    requests: calls.length,
    objects: calls.flatMap(answersOf).length,
    events: events.length,
    problems: Object.values(found).flat().length,
  };
  console.log(
    `conformance: ${Object.entries(counts)
      .map(([what, count]) => `${count} ${what}`)
      .join(", ")}`,
  );
});

/** The unknown problems. */
function report(check: string, problems: readonly Problem[], known: KnownDifferences): string[] {
  found[check] = listed(problems).filter((problem) => !known.has(problem));
  return found[check];
}

const of = (processor: Processor) => ({
  calls: calls.filter((call) => call.processor === processor),
  events: events.filter((event) => event.processor === processor),
});

test("every request, object and event fits the SDKs' types", async () => {
  const known = new KnownDifferences(NOT_IN_TYPES);
  const values = [...calls.map(requestOf), ...calls.flatMap(answersOf), ...events.flatMap(eventValues)];
  const checked = values.map(({ value, ...rest }) => ({ ...rest, value: without(known, rest.of, value) }));
  expect(report("types", await typeProblems(checked), known)).toEqual([]);
  expect(known.unused()).toEqual([]);
});

test("the journey calls every method that the clients call", () => {
  const called = new Set(calls.map(({ processor, method }) => `${processor}.${method}`));
  const sources = globSync("lib/processors/*/client*.ts", { cwd: ROOT }).filter((file) => !/test/.test(file));
  const used = sources.flatMap((file) => {
    const source = readFileSync(path.join(ROOT, file), "utf8");
    return [...source.matchAll(/\b(?:stripe|paddle)(?:\s*\.\s*\w+)+(?=\()/g)].map(([name]) =>
      name.replaceAll(/\s/g, ""),
    );
  });
  expect(used.length).toBeGreaterThan(30);
  expect(used.filter((name) => !called.has(name))).toEqual([]);
});

/** Handled types that the sandbox never sends, each with its reason. */
const NOT_SENT: Readonly<Record<Processor, Readonly<Record<string, string>>>> = {
  stripe: {
    "customer.deleted": "erasing the journey's customer would end the journey",
    "customer.discount.updated": "the sandbox sets and ends discounts, and changes none",
  },
  paddle: {
    "subscription.imported": "the business imports subscriptions in Paddle's dashboard",
    "subscription.trialing": "the catalog's prices have no trial at Paddle",
    "transaction.revised": "the sandbox revises no address after a sale",
  },
};

test.each([
  ["stripe", STRIPE_HANDLERS, "type"],
  ["paddle", PADDLE_HANDLERS, "event_type"],
] as const)("the sandbox of %s sends every type of event that the product handles", (processor, handlers, field) => {
  const sent = new Set(of(processor).events.map(({ body }) => (body as Record<string, unknown>)[field]));
  const expected = Object.keys(handlers).filter((type) => !(type in NOT_SENT[processor]));
  expect(expected.filter((type) => !sent.has(type))).toEqual([]);
  expect(Object.keys(NOT_SENT[processor]).filter((type) => sent.has(type))).toEqual([]);
});

const missing = missingData();
if (missing !== null) console.log(`conformance: ${missing}`);

test.skipIf(missing !== null)("every request, answer and event of Paddle fits its description", () => {
  const known = new KnownDifferences(NOT_IN_DESCRIPTION);
  const description = new PaddleDescription(sharedText("paddle") as string);
  const { base } = fake.connection;
  const problems = [
    ...of("paddle").calls.flatMap(({ method, exchanges }) =>
      exchanges.flatMap(({ answer, ...exchange }) => {
        const name = `paddle ${method}`;
        return description.exchange(name, { ...exchange, answer: without(known, name, answer) }, base);
      }),
    ),
    ...of("paddle").events.flatMap(({ body }) => description.event(without(known, "paddle event", body))),
  ];
  expect(report("paddle", problems, known)).toEqual([]);
  expect(known.unused()).toEqual([]);
});

test.skipIf(missing !== null)("every object of Stripe has the keys of its example", () => {
  const known = new KnownDifferences(NOT_IN_EXAMPLES);
  const fixtures = JSON.parse(sharedText("stripe") as string);
  const { calls: asked, events: sent } = of("stripe");
  const values = [...asked.flatMap(answersOf), ...sent.flatMap(eventValues)];
  const problems = values.flatMap(({ value }) => fixtureProblems(value, fixtures));
  expect(report("examples", problems, known)).toEqual([]);
  expect(known.unused()).toEqual([]);
});
