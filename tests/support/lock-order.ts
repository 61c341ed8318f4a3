/**
 * Reads in which order database functions lock rows, from their texts. The order is: the users row, then subscriptions rows,
 * then webhook events. Statements are read from top to bottom, and calls of other functions are read in their place.
 */
import { globSync, readFileSync } from "node:fs";
import path from "node:path";

const SCHEMAS = path.join(process.cwd(), "supabase/schemas");

export interface Step {
  lock: "user" | "row" | "event";
  /** Of user: a foreign key's own lock, which comes with an insert, and no lock that the function asks for. */
  implicit?: boolean;
  /** Of user: `for update`, which keeps all rows that refer to the user from being made. */
  exclusive?: boolean;
  /** Of row: it asks for the lock or makes the row; else it changes a row that its caller has locked. */
  takes?: boolean;
  /** Of row: it may lock the rows of several products. */
  several?: boolean;
}

/** The texts of all functions, without comments and the contents of literals. */
export function functionTexts(): Map<string, string> {
  return new Map(
    globSync(["functions/*.sql", "*/functions/*.sql"], { cwd: SCHEMAS }).map((file) => [
      path.basename(file, ".sql"),
      readFileSync(path.join(SCHEMAS, file), "utf8")
        .replace(/--.*$/gm, "")
        .replace(/'(?:[^']|'')*'/g, "''"),
    ]),
  );
}

/** The tables whose rows refer to users. */
export function tablesOfUsers(): string[] {
  const files = globSync(["tables/*.sql", "*/tables/*.sql"], { cwd: SCHEMAS });
  const texts = files.map((file) => readFileSync(path.join(SCHEMAS, file), "utf8"));
  const tables = texts.flatMap((text) => [...text.matchAll(/create table tollgate\.(\w+) \(([\s\S]*?)\n\)/g)]);
  return tables
    .filter(([, , columns]) => columns?.includes("references tollgate.users"))
    .map(([, name]) => name as string);
}

const TOKEN =
  /\bend loop\b|\bloop\b|\btollgate\.(\w+)\(|\binsert into tollgate\.(\w+)|\b(?:update|delete from|from|join) tollgate\.(users|subscriptions|webhook_events)\b/g;

const ONE_PRODUCT = /\bproduct = (?:p_|v_|'|\(select)/;

/** The locks of a function, in order. */
export function stepsOf(name: string, texts: ReadonlyMap<string, string>, tables: readonly string[]): Step[] {
  return read(name, texts, tables, new Set());
}

function read(name: string, texts: ReadonlyMap<string, string>, tables: readonly string[], outer: Set<string>): Step[] {
  const text = texts.get(name);
  if (text === undefined || outer.has(name)) return [];
  const steps: Step[] = [];
  let loops = 0;
  // Rows that a statement has locked without waiting: locking them again waits for nothing.
  let held = false;
  for (const statement of text.slice(text.indexOf("$$")).split(";")) {
    const waits = /\bfor (update|no key update|key share|share)\b(?! skip locked| of \w+ skip locked)/.test(statement);
    for (const [token, called, inserted, table] of statement.matchAll(TOKEN)) {
      if (token === "loop") loops += 1;
      else if (token === "end loop") loops -= 1;
      else if (called === "lock_user") steps.push({ lock: "user", exclusive: true });
      else if (called === "hold_user") steps.push({ lock: "user" });
      else if (called === "lock_subscription") steps.push({ lock: "row", takes: true, several: loops > 0 && !held });
      else if (called) {
        for (const step of read(called, texts, tables, new Set([...outer, name])))
          steps.push(step.takes && loops > 0 && !held ? { ...step, several: true } : step);
      } else if (inserted) {
        if (tables.includes(inserted)) steps.push({ lock: "user", implicit: true });
        if (inserted === "subscriptions") steps.push({ lock: "row", takes: true });
        if (inserted === "webhook_events") steps.push({ lock: "event" });
      } else if (/for update skip locked/.test(statement)) held ||= table === "subscriptions";
      else if (waits || token.startsWith("update") || token.startsWith("delete")) {
        if (table === "users" && waits) steps.push({ lock: "user", exclusive: /\bfor update\b/.test(statement) });
        if (table === "webhook_events") steps.push({ lock: "event" });
        // By product, then user: as the rows of each user are locked.
        const ordered = /order by \w+\.product, \w+\.user_id\s+for update/.test(statement);
        if (table === "subscriptions")
          steps.push({ lock: "row", several: !held && !ordered && !ONE_PRODUCT.test(statement) });
      }
    }
  }
  return steps;
}

/** The violations of the order. */
export function violations(steps: readonly Step[]): string[] {
  const found = new Set<string>();
  steps.forEach(({ lock, implicit, several }, index) => {
    const earlier = steps.slice(0, index);
    const had = (wanted: Step["lock"]) => earlier.some((step) => step.lock === wanted);
    if (lock === "user" && !had("user") && (had("row") || had("event")))
      found.add("locks the users row after other rows");
    if (implicit && !earlier.some((step) => step.lock === "user" && !step.implicit))
      found.add("makes a row of a user without hold_user or lock_user");
    if (several && !earlier.some((step) => step.exclusive))
      found.add("locks rows of several products without lock_user");
    if (lock === "row" && had("event") && !had("row")) found.add("locks a subscriptions row after a webhook event");
  });
  return [...found].sort();
}
