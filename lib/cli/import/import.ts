/** `tollgate import`: takes over the subscriptions of an account, and the usage of their running windows. */
import { readFileSync } from "node:fs";
import { PROCESSOR_NAMES, PROCESSORS, type Processor } from "@/lib/config/terms";
import { DatabaseError } from "@/lib/database";
import type { ListedSubscription, SubscriptionList } from "@/lib/processors/subscription-list";
import { type Context, EXIT, type ExitCode, WrongUse } from "../context";
import { table } from "../terminal";
import { mapRow, readCsv, type UsageRow, usageRow } from "./csv";
import { type MatchedBy, matchUser } from "./match";
import { takeOver } from "./take-over";

export interface ImportOptions {
  map?: string;
  usage?: string;
  matchEmail?: boolean;
  dryRun?: boolean;
  yes?: boolean;
  json?: boolean;
}

interface Line {
  subscription: string;
  customer: string | null;
  /** `imported`: its facts are new. `known`: all its facts exist. `conflict`: it is linked to another user. */
  result: "matched" | "imported" | "known" | "unmatched" | "unknown_price" | "duplicate" | "conflict";
  userId: string | null;
  by: MatchedBy | null;
  detail: string;
}

interface UsageLine extends UsageRow {
  added: number;
  total: number | null;
  limit: number | null;
  error: string | null;
}

/** @throws WrongUse, ProcessorError, DatabaseError; a later run continues */
export async function importSubscriptions(
  context: Context,
  processorName: string,
  options: ImportOptions,
): Promise<ExitCode> {
  const processor = PROCESSORS.find((each) => each === processorName);
  if (processor === undefined)
    throw new WrongUse(`There is no processor ${processorName}: ${PROCESSORS.join(" or ")}.`);
  const list = await context.getSubscriptionList(processor);
  if (list === undefined) throw new WrongUse(`No key of ${PROCESSOR_NAMES[processor]} is set.`);
  const map = new Map(rowsOf(options.map, mapRow).map(({ id, user_id }) => [id, user_id]));
  const usage = rowsOf(options.usage, usageRow);
  await mayWrite(context, processor, options);

  const lines = await takeOverAll(context, processor, list, map, options);
  const usageLines = options.dryRun ? [] : await addUsage(usage, context);
  if (options.json) context.terminal.write(JSON.stringify({ subscriptions: lines, usage: usageLines }, null, 2));
  else show(lines, usageLines, context);
  const isComplete = lines.every(({ result }) => ["matched", "imported", "known"].includes(result));
  return isComplete && usageLines.every(({ error }) => error === null) ? EXIT.ok : EXIT.problems;
}

function rowsOf<T>(file: string | undefined, row: Parameters<typeof readCsv<T>>[2]): T[] {
  if (file === undefined) return [];
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    throw new WrongUse(`The file ${file} cannot be read.`);
  }
  return readCsv(text, file, row);
}

async function mayWrite({ terminal }: Context, processor: Processor, { dryRun, yes }: ImportOptions): Promise<void> {
  if (dryRun || yes || (await terminal.confirm(`Import the subscriptions of ${PROCESSOR_NAMES[processor]}?`))) return;
  throw new WrongUse("Nothing was changed. Answer y, or pass --yes. --dry-run shows the matches.");
}

async function takeOverAll(
  context: Context,
  processor: Processor,
  list: SubscriptionList,
  map: ReadonlyMap<string, string>,
  { matchEmail = false, dryRun = false }: ImportOptions,
): Promise<Line[]> {
  const { terminal, gateway } = context;
  const lines: Line[] = [];
  /** The live subscription of each user and product so far. */
  const live = new Map<string, string>();
  let after: string | null = null;
  do {
    const { subscriptions, next } = await list.page(after);
    for (const each of subscriptions) {
      const line = await lineOf(each);
      lines.push(line);
      terminal.progress(lines.length, null, `subscriptions of ${PROCESSOR_NAMES[processor]}`);
    }
    after = next;
  } while (after !== null);
  return lines;

  async function lineOf(listed: ListedSubscription): Promise<Line> {
    const { id, reading, priceIds, hintedUserId } = listed;
    const line = { subscription: id, customer: reading.identity.customer, userId: null, by: null, detail: "" };
    if (reading.facts.length === 0) return { ...line, result: "unknown_price", detail: priceIds.join(", ") };
    const match = await matchUser(listed, { map, matchEmail }, list, gateway);
    if (match === null) {
      const hint = hintedUserId === null ? "" : `custom data names ${hintedUserId}: confirm it in --map`;
      return { ...line, result: "unmatched", detail: hint };
    }
    const matched = { ...line, ...match };
    const other = duplicateOf(listed, match.userId);
    if (dryRun) return other === null ? { ...matched, result: "matched" } : duplicate(matched, other);
    const result = await takeOver(processor, listed, match.userId, list, gateway);
    return other === null || result === "conflict" ? { ...matched, result } : duplicate(matched, other);
  }

  /** Another live subscription of this user with a plan of the same product. */
  function duplicateOf({ id, isLive, reading }: ListedSubscription, userId: string): string | null {
    if (!isLive) return null;
    let other: string | null = null;
    for (const { product: productId } of reading.facts) {
      const key = `${userId} ${productId}`;
      other ??= live.get(key) ?? null;
      live.set(key, live.get(key) ?? id);
    }
    return other;
  }
}

function duplicate(line: Omit<Line, "result">, other: string): Line {
  return {
    ...line,
    result: "duplicate",
    detail: `the user also has ${other}; both are imported, the better plan counts`,
  };
}

/** Adds the units of the running windows, after the plans: the window of the plan gets them. */
async function addUsage(rows: readonly UsageRow[], { gateway, terminal }: Context): Promise<UsageLine[]> {
  const lines: UsageLine[] = [];
  for (const row of rows) {
    terminal.progress(lines.length, rows.length, "rows of usage");
    try {
      const { added, used, limit } = await gateway.addOpeningUsage(row.user_id, row.field, row.used);
      lines.push({ ...row, added, total: used, limit, error: null });
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.problem !== "bad_input") throw error;
      lines.push({ ...row, added: 0, total: null, limit: null, error: error.message });
    }
  }
  return lines;
}

const SHOWN: readonly Line["result"][] = ["unmatched", "unknown_price", "duplicate", "conflict"];

function show(lines: readonly Line[], usage: readonly UsageLine[], { terminal }: Context): void {
  // A match by e-mail is never silent.
  const shown = lines.filter(({ result, by }) => SHOWN.includes(result) || by === "email");
  const rows = shown.map((each) => [
    each.result,
    each.subscription,
    each.customer ?? "",
    each.userId ?? "",
    each.by ?? "",
    each.detail,
  ]);
  for (const line of table(rows, terminal.isTerminal)) terminal.write(line);
  const results = [...new Set(lines.map(({ result }) => result))];
  for (const result of results)
    terminal.write(`${lines.filter((each) => each.result === result).length} ${result.replace("_", " ")}`);
  for (const { user_id, field, error } of usage.filter((each) => each.error !== null))
    terminal.write(`usage: ${user_id}, ${field}: ${error}`);
  const over = usage.filter(({ total, limit }) => total !== null && limit !== null && total > limit);
  if (usage.length > 0)
    terminal.write(
      `usage: ${usage.filter(({ added }) => added > 0).length} rows added, ${over.length} users over a limit`,
    );
}
