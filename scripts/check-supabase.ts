/**
 * `npm run check:supabase`: the transport's contract against a real Supabase project (a local one: `supabase start`, or
 * without Docker `SUPABASE_EXPERIMENTAL_STACK=1 supabase start --runtime native`). Needs SUPABASE_URL,
 * SUPABASE_SECRET_KEY and SUPABASE_PUBLISHABLE_KEY. `npm test` runs the same contract against a fake PostgREST, and
 * this run confirms the fake. It creates a user and erases it.
 */
import "./preflight";
import "./provide-catalog";
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { createGateway } from "@/lib/database/gateway";
import { supabaseTransport } from "@/lib/database/transports/supabase";
import { fail, loadSettings } from "./project";

const { url, secretKey, publishableKey } = loadSettings().supabase;
if (!url || !secretKey || !publishableKey)
  fail("Set SUPABASE_URL, SUPABASE_SECRET_KEY and SUPABASE_PUBLISHABLE_KEY of a project that has the migrations.");

const gateway = createGateway(supabaseTransport({ url, secretKey }));
const userId = `check-${randomUUID()}`;

const CHECKS: [name: string, check: () => Promise<unknown>][] = [
  ["the database answers", () => gateway.ping()],
  [
    "an allowed and a denied verdict",
    async () => {
      assert.equal((await gateway.consume(userId, "words_used", 500)).allowed, true);
      assert.equal((await gateway.consume(userId, "words_used", 1)).reason, "limit_reached");
    },
  ],
  [
    "20 concurrent calls at the limit: only those within it are allowed",
    async () => {
      const verdicts = await Promise.all(
        Array.from({ length: 20 }, () => gateway.consume(userId, "messages_count", 10)),
      );
      assert.equal(verdicts.filter(({ allowed }) => allowed).length, 10);
    },
  ],
  [
    "a conflict, bad input and a missing row differ",
    async () => {
      await gateway.consume(userId, "transformations_used", 1, "key");
      await refused(gateway.consume(userId, "transformations_used", 2, "key"), {
        problem: "conflict",
        reason: "key_reused",
      });
      await refused(chatbotsTable(gateway).create(userId, ""), { problem: "bad_input", field: "name" });
      await refused(gateway.loadWebhookEvent("stripe", "evt_none"), { problem: "not_found" });
    },
  ],
  [
    "raw bytes are returned unchanged",
    async () => {
      const raw = new Uint8Array([0, 1, 254, 255]);
      const event = {
        processor: "stripe" as const,
        id: userId,
        type: "check",
        raw,
        payload: {},
        livemode: false,
        occurredAt: 0,
      };
      await gateway.recordWebhookEvent(event);
      assert.deepEqual((await gateway.loadWebhookEvent("stripe", userId)).raw, raw);
      await gateway.finishWebhookEvent(event, { outcome: "ignored", reason: "A check" });
    },
  ],
  [
    "the publishable key may call no function",
    async () => {
      const anon = createGateway(supabaseTransport({ url, secretKey: publishableKey }));
      await refused(anon.consume(userId, "words_used", 1), { problem: "broken", code: "42501" });
    },
  ],
  ["the user is erased", async () => assert.deepEqual(await gateway.eraseAccount(userId), { erased: true })],
];

async function refused(call: Promise<unknown>, expected: Record<string, string>): Promise<void> {
  await assert.rejects(call, (error: Record<string, unknown>) => {
    for (const [name, value] of Object.entries(expected)) assert.equal(error[name], value);
    return true;
  });
}

for (const [name, check] of CHECKS) {
  try {
    await check();
    console.log(`ok      ${name}`);
  } catch (error) {
    console.log(`not ok  ${name}\n        ${error instanceof Error ? error.message : error}`);
    process.exitCode = 1;
  }
}
