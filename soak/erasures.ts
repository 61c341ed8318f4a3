/**
 * Users who erase their account during consumption, and return: the account before and after shares one quota. The
 * users have their own names, since the other checks look for keys, which an erasure deletes.
 */
import { setTimeout as sleep } from "node:timers/promises";
import config from "@/tollgate.config";
import type { Client } from "./client";
import type { ClientLog } from "./client-log";
import type { Finding } from "./finding";
import type { Random } from "./random";

const FIELD = "messages_count";
const LIMIT = config.products.chatbots.plans.free.limits[FIELD];
/** Enough to reach the limit. */
const ROUNDS = 12;

interface Worker {
  client: Client;
  clientLog: ClientLog;
  random: Random;
  isRunning: () => boolean;
}

export async function erasures({ client, clientLog, random, isRunning }: Worker, name: string): Promise<void> {
  for (let turn = 0; isRunning(); turn += 1) {
    const userId = `eraser-${name.replace(" ", "-")}-${turn}`;
    const cookie = await signIn(client, userId);
    const consume = async (key: string) => {
      const amount = random.whole(1, 6);
      const body = { userId, field: FIELD, amount, idempotencyKey: key };
      const headers = () => ({ authorization: "Bearer sandbox-usage-key" });
      const { status, body: verdict, repeats } = await client.ask("/api/usage/consume", { body, headers });
      if (status !== 200) clientLog.wrong.push(`consume during an erasure: ${status} ${JSON.stringify(verdict)}`);
      else clientLog.erasers.push({ userId, amount, allowed: verdict.allowed, repeats });
    };
    const erase = async () => {
      await sleep(random.whole(0, 15));
      const { status, body } = await client.ask("/api/account", { method: "DELETE", headers: () => ({ cookie }) });
      if (status === 200) clientLog.erasures += 1;
      else clientLog.wrong.push(`erasure: ${status} ${JSON.stringify(body)}`);
    };
    for (let round = 0; round < ROUNDS && isRunning(); round += 1) {
      const calls = Array.from({ length: random.whole(1, 4) }, (_, index) => consume(`${round}/${index}`));
      await Promise.all([...calls, ...(random.chance(0.6) ? [erase()] : [])]);
      await sleep(random.whole(10, 60));
    }
    // The account exists at the end, with the counters from before its erasures.
    await consume("last");
  }
}

async function signIn(client: Client, userId: string): Promise<string> {
  const { headers } = await client.ask("/api/auth/local", { body: { userId } });
  return headers
    .getSetCookie()
    .map((each) => each.split(";")[0])
    .join("; ");
}

/**
 * The allowed units before and after all erasures are counted in the last account, within the limit. An erasure deletes
 * keys: a charge that was repeated after a lost answer may count once per account.
 */
export async function verifyErasures(
  clientLog: ClientLog,
  query: <Row>(text: string) => Promise<Row[]>,
): Promise<Finding> {
  const rows = await query<{ user_id: string; counted: number; stored: number }>(`
    select c.user_id, c.used::int as counted,
      (select coalesce(sum(l.amount), 0)::int from tollgate.usage_ledger l
       where l.user_id = c.user_id and l.field = '${FIELD}') as stored
    from tollgate.usage_counters c where c.field = '${FIELD}' and c.user_id like 'eraser-%'`);
  const found = new Map(rows.map((row) => [row.user_id, row]));
  const users = new Set(clientLog.erasers.map(({ userId }) => userId));
  const violations = [...users].flatMap((userId) => {
    const charges = clientLog.erasers.filter((each) => each.userId === userId);
    const allowed = charges.reduce((sum, each) => sum + (each.allowed ? each.amount : 0), 0);
    const repeated = charges.reduce((sum, each) => sum + each.amount * each.repeats, 0);
    const { counted, stored } = found.get(userId) ?? { counted: 0, stored: 0 };
    return [
      ...(allowed > LIMIT ? [`${userId}: ${allowed} of ${LIMIT} allowed over all erasures`] : []),
      ...(counted > LIMIT ? [`${userId}: ${counted} of ${LIMIT} counted`] : []),
      ...(counted !== stored ? [`${userId}: ${stored} in the ledger, ${counted} counted`] : []),
      ...(counted < allowed ? [`${userId}: ${allowed} allowed, ${counted} counted`] : []),
      ...(counted > allowed + repeated
        ? [`${userId}: ${allowed} allowed, ${counted} counted, ${repeated} repeated`]
        : []),
    ];
  });
  return { what: "erasures: no refill, and nothing lost over all erasures", checked: users.size, violations };
}
