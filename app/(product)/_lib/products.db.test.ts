/** The usage that the reference products count, for each way in which their work can end. */
import { randomUUID } from "node:crypto";
import { beforeEach, describe, expect, test, vi } from "vitest";
import type * as Deadlines from "@/lib/core/deadlines";
import { jsonLines } from "@/lib/http";
import { meteredDatabase } from "@/tests/support/metered";
import { setProcessGateway } from "@/tests/support/process-gateway";
import { createChatbot, deleteChatbot, renameChatbot } from "../chatbots/_lib/chatbots";
import { chatbotsTable } from "../chatbots/_lib/chatbots-table";
import { streamAnswer, wholeAnswer } from "../chatbots/_lib/messages";
import { streamRewriting } from "../writer/_lib/rewriting";

const { gateway, meter, ledger, query } = meteredDatabase();
setProcessGateway(gateway);

let users = 0;
let userId = "";
beforeEach(() => {
  users += 1;
  userId = `reader-${users}`;
});

const signal = () => new AbortController().signal;
const counters = async (field: "messages_count" | "words_used" | "transformations_used") => {
  const { used, reserved } = await meter(userId, field);
  return { used, reserved, ledger: await ledger(userId, field) };
};
const nothing = { used: 0, reserved: 0, ledger: 0 };

async function collect<T>(lines: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const line of lines) all.push(line);
  return all;
}

describe("a message", () => {
  const ask = async (text: string) => streamAnswer(userId, (await createChatbot(userId, "Support")).id, text);

  test("is reserved while the answer streams, and counted when it ends", async () => {
    const lines = (await ask("Hello"))(signal());
    const { value: first } = await lines.next();
    expect(first).toEqual({ type: "text", text: "Hello! " });
    expect(await counters("messages_count")).toEqual({ used: 0, reserved: 1, ledger: 0 });
    const rest = await collect(lines);
    expect(rest.at(-1)).toMatchObject({ type: "done", usage: { settled: 1, used: 1, limit: 100, remaining: 99 } });
    expect(await counters("messages_count")).toEqual({ used: 1, reserved: 0, ledger: 1 });
  });

  test("is released if the answer fails at any point", async () => {
    const lines = await collect((await ask("/fail"))(signal()));
    expect(lines.map(({ type }) => type)).toEqual(["text", "text", "text", "failed"]);
    expect(await counters("messages_count")).toEqual(nothing);
    const [bot] = await chatbotsTable(gateway).list(userId);
    const again = await streamAnswer(userId, bot?.id ?? "", "/fail");
    await expect(wholeAnswer(again(signal()))).rejects.toMatchObject({
      problem: "upstream_failed",
      reason: "answer_failed",
    });
    expect(await counters("messages_count")).toEqual(nothing);
  });

  test("counts if the user disconnects after the first word, and not before it", async () => {
    const early = jsonLines(await ask("Hello"));
    await early.body?.cancel();
    expect(await counters("messages_count")).toEqual(nothing);

    const [bot] = await chatbotsTable(gateway).list(userId);
    const late = jsonLines(await streamAnswer(userId, bot?.id ?? "", "Hello")).body?.getReader();
    await late?.read();
    await late?.cancel();
    expect(await counters("messages_count")).toEqual({ used: 1, reserved: 0, ledger: 1 });
  });

  test("is refused at the limit, without an answer and a reservation", async () => {
    const stream = await ask("Hello");
    await collect(stream(signal()));
    await gateway.consume(userId, "messages_count", 98);
    const [bot] = await chatbotsTable(gateway).list(userId);
    const open = () => streamAnswer(userId, bot?.id ?? "", "Hello");
    // One message is left: of two concurrent calls, one gets an answer.
    const both = await Promise.allSettled([open(), open()]);
    expect(both.map(({ status }) => status).sort()).toEqual(["fulfilled", "rejected"]);
    expect(both.find(({ status }) => status === "rejected")).toMatchObject({
      reason: {
        problem: "payment_required",
        reason: "limit_reached",
        details: { limit: 100, used: 99, field: "messages_count" },
      },
    });
    expect(await counters("messages_count")).toEqual({ used: 99, reserved: 1, ledger: 99 });
  });

  test("to another user's or an unknown chatbot is not found, and makes no reservation", async () => {
    const otherUsers = await createChatbot("another-user", "Other");
    for (const id of [otherUsers.id, randomUUID(), "nonsense"])
      await expect(streamAnswer(userId, id, "Hello")).rejects.toMatchObject({ problem: "not_found" });
    expect(await query("select 1 from reservations where user_id = $1", [userId])).toEqual([]);
  });
});

describe("a rewriting", () => {
  /** 500 words in sentences of ten: the limit of the free plan. */
  const text = Array.from({ length: 50 }, () => "We utilize one two three four five six seven eight.").join(" ");

  test("reports its progress, and counts its words and itself at the end", async () => {
    const lines = await collect((await streamRewriting(userId, { text, style: "plain" }))(signal()));
    expect(lines[0]).toEqual({ type: "begun", words: 500 });
    expect(lines.flatMap((line) => (line.type === "part" ? [line.words] : []))).toEqual([120, 240, 360, 480, 500]);
    expect(lines.map((line) => (line.type === "part" ? line.text : "")).join("")).toBe(
      text.replaceAll("utilize", "use"),
    );
    expect(lines.at(-1)).toMatchObject({ type: "done", usage: { words: { used: 500 }, transformations: { used: 1 } } });
    expect(await counters("words_used")).toEqual({ used: 500, reserved: 0, ledger: 500 });
    expect(await counters("transformations_used")).toEqual({ used: 1, reserved: 0, ledger: 1 });
  });

  test("that is canceled counts the finished chunks, and releases the rest", async () => {
    const reader = jsonLines(await streamRewriting(userId, { text, style: "plain" })).body?.getReader();
    for (let line = 0; line < 3; line += 1) await reader?.read();
    expect(await counters("words_used")).toEqual({ used: 0, reserved: 500, ledger: 0 });
    await reader?.cancel();
    expect(await counters("words_used")).toEqual({ used: 240 /* two chunks */, reserved: 0, ledger: 240 });
    expect(await counters("transformations_used")).toEqual({ used: 1, reserved: 0, ledger: 1 });
  });

  test("reserves for longer than its stream can take", async () => {
    const { STREAM_MS } = await vi.importActual<typeof Deadlines>("@/lib/core/deadlines");
    await streamRewriting(userId, { text, style: "plain" });
    const rows = await query(
      "select extract(epoch from expires_at - at) as seconds from reservations where user_id = $1",
      [userId],
    );
    expect(rows).toHaveLength(2);
    for (const { seconds } of rows) expect(Number(seconds)).toBeGreaterThan(STREAM_MS / 1_000 + 60);
  });

  test("that is canceled before its first chunk costs nothing", async () => {
    const reader = jsonLines(await streamRewriting(userId, { text, style: "plain" })).body?.getReader();
    await reader?.read();
    await reader?.cancel();
    expect(await counters("words_used")).toEqual(nothing);
    expect(await counters("transformations_used")).toEqual(nothing);
  });

  test.each([
    ["of words separated by zero-width spaces", "one\u200btwo\u200b".repeat(100), 200],
    ["of Chinese", "我们，".repeat(100), 100],
    ["of emoji alone", "😀".repeat(100), 1],
  ])("%s counts the words of its price, also if it is stopped after its last chunk", async (_, text, words) => {
    const whole = await collect((await streamRewriting(userId, { text, style: "plain" }))(signal()));
    expect(whole[0]).toEqual({ type: "begun", words });
    expect(await counters("words_used")).toEqual({ used: words, reserved: 0, ledger: words });
    const parts = whole.filter(({ type }) => type === "part").length;
    const reader = jsonLines(await streamRewriting(userId, { text, style: "plain" })).body?.getReader();
    for (let line = 0; line <= parts; line += 1) await reader?.read();
    await reader?.cancel();
    expect(await counters("words_used")).toEqual({ used: 2 * words, reserved: 0, ledger: 2 * words });
    expect(await counters("transformations_used")).toMatchObject({ used: 2 });
  });

  test("is refused without a remaining transformation, and no words stay reserved", async () => {
    await gateway.consume(userId, "transformations_used", 10);
    await expect(streamRewriting(userId, { text, style: "plain" })).rejects.toMatchObject({
      problem: "payment_required",
      details: { field: "transformations_used" },
    });
    expect(await counters("words_used")).toEqual(nothing);
  });
});

describe("a settlement", () => {
  test("is retried if the database does not answer, and the answer is complete", async () => {
    const { id } = await createChatbot(userId, "Support");
    const stream = await streamAnswer(userId, id, "Hello");
    const { DatabaseError } = await import("@/lib/database");
    const settle = vi.spyOn(gateway, "settle").mockRejectedValueOnce(new DatabaseError("away", "unavailable", "57P01"));
    expect((await collect(stream(signal()))).at(-1)).toMatchObject({ type: "done", usage: { used: 1 } });
    expect(settle).toHaveBeenCalledTimes(2);
    settle.mockRejectedValue(new Error("broken"));
    expect((await collect((await streamAnswer(userId, id, "Hello"))(signal()))).at(-1)).toEqual({
      type: "done",
      usage: null,
    });
    settle.mockRestore();
    // The reservation stays until it expires.
    expect(await counters("messages_count")).toMatchObject({ used: 1, reserved: 1 });
  });
});

describe("a chatbot's name", () => {
  test("can be changed by its owner, and counts nothing", async () => {
    const made = await createChatbot(userId, "Support");
    expect(await renameChatbot(userId, made.id, "Help")).toEqual({ ...made, name: "Help" });
    expect(await chatbotsTable(gateway).list(userId)).toEqual([{ ...made, name: "Help" }]);
    expect(await meter(userId, "chatbots_count")).toMatchObject({ used: 1 });
    for (const [user, id] of [
      ["another-user", made.id],
      [userId, randomUUID()],
      [userId, "nonsense"],
    ] as const)
      await expect(renameChatbot(user, id, "Mine")).rejects.toMatchObject({ problem: "not_found" });
    await deleteChatbot(userId, made.id);
    await expect(renameChatbot(userId, made.id, "Gone")).rejects.toMatchObject({ problem: "not_found" });
  });

  test("is checked by the database too", async () => {
    const { id } = await createChatbot(userId, "Support");
    for (const name of ["", "n".repeat(81)])
      await expect(chatbotsTable(gateway).rename(userId, id, name)).rejects.toMatchObject({
        problem: "bad_input",
        field: "name",
      });
  });
});
