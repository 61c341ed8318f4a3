/** One payer per test at a fake processor, on a database of the test file's own. */
import { afterAll, afterEach, beforeEach } from "vitest";
import { createGateway, type Gateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import type { Sandbox } from "@/lib/sandbox/sandbox";
import { testDatabase } from "./database";

interface Fake {
  sandbox: Sandbox;
  /** The events of the current test. */
  delivered: { type: string }[];
}

/** Call it at the top of a file; `name` begins the payers' ids. */
export function payerAt<F extends Fake>(createFake: (gateway: Gateway) => F, name = "payer") {
  const database = testDatabase();
  const gateway = createGateway(postgresTransport(database.url));
  const fake = createFake(gateway);
  const payer = { id: "" };
  let payers = 0;
  afterAll(() => gateway.end());
  // A delivery of one test must not arrive during the next.
  afterEach(() => fake.sandbox.idle());
  beforeEach(() => {
    payers += 1;
    payer.id = `${name}-${payers}`;
    fake.delivered.length = 0;
  });

  /** The payer's subscription of the mail, as the product shows it. */
  async function mail() {
    const found = (await gateway.usage(payer.id)).subscriptions.find(({ product }) => product === "mail");
    if (!found) throw new Error("no mail");
    return found;
  }

  return {
    ...fake,
    database,
    gateway,
    payer,
    mail,
    used: async () => (await mail()).meters.find(({ field }) => field === "stamps_used")?.used,
    /** The payer's clock, in milliseconds. */
    now: async () => (await gateway.sandboxClock(payer.id)).now,
    types: () => fake.delivered.map(({ type }) => type),
  };
}
