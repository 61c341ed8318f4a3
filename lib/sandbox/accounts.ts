/** Accounts of the played processors: loaded, stepped and committed by compare and swap. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Instant, Processor } from "@/lib/billing/types";
import { DatabaseError, type Gateway, type SandboxAccount } from "@/lib/database";
import { catchUp, type Played } from "./fake-processor";
import { type Emitted, type Taken, type Turn, take } from "./step";

/** What a request is answered. */
export interface Reply {
  status: number;
  body: unknown;
}

export interface Command<World> {
  /** The account that has this object; or a new one, with the world it begins with. */
  of: { object: string } | { account: string; world: World };
  /** Throws where nothing is to happen: then nothing has. */
  act: (turn: Turn<World>) => Reply;
  /** The request's idempotency key, and what the same request looks like. */
  once?: { key: string; fingerprint: string } | undefined;
  /** The answer to remember under the key for what `act` threw; null: it is thrown, and the key stays free. */
  refusal?: (error: unknown) => Reply | null;
}

export type Carried =
  | { outcome: "answered"; reply: Reply; account: AccountRef | null }
  /** No account has that object. */
  | { outcome: "unknown" }
  /** The idempotency key was used for another request. */
  | { outcome: "key_reused" };

export interface AccountRef {
  processor: Processor;
  accountId: string;
}

const ATTEMPTS = 12;
/** How long an idempotency key is remembered, by the account's clock. */
const KEY_MS = 24 * 3_600_000;

/**
 * Carries out a request: what time has brought meanwhile first, then the request, committed together with the events
 * and the answer. Another step that comes in between makes it begin again.
 * @throws DatabaseError, and what `act` throws unless `refusal` makes an answer of it
 */
export async function carryOut<World>(
  command: Command<World>,
  played: Played<World>,
  gateway: Gateway,
): Promise<Carried> {
  const { of, once } = command;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const answered = once && (await gateway.loadSandboxRequest(played.processor, once.key));
    const loaded = await load(of, played, gateway);
    if (loaded === null) return { outcome: "unknown" };
    if (answered && loaded.now - answered.at < KEY_MS) {
      if (answered.fingerprint !== once.fingerprint) return { outcome: "key_reused" };
      return { outcome: "answered", reply: { status: answered.status, body: answered.body }, account: null };
    }
    const world = loaded.world as World;
    const brought = catchUp(played, world, loaded.now);
    const { result: reply, ...after } = step(command, brought.world, loaded.now);
    const events = [...brought.events, ...after.events];
    const account = { processor: played.processor, accountId: loaded.accountId };
    const unchanged = events.length === 0 && loaded.revision > 0 && same(world, after.world);
    if (unchanged && !once) return { outcome: "answered", reply, account: null };
    const request = once ? { ...once, ...reply } : null;
    if (await commit({ loaded, world: after.world, events, request }, played, gateway)) {
      return { outcome: "answered", reply, account };
    }
    await sleep(Math.random() * 10 * attempt);
  }
  throw new DatabaseError("Other requests for this account kept committing first.", "unavailable", "conflict");
}

/** A refusal that the key remembers changes nothing. */
function step<World>({ act, once, refusal }: Command<World>, world: World, now: Instant): Taken<World, Reply> {
  try {
    return take(world, now, act);
  } catch (error) {
    const reply = once && refusal?.(error);
    if (!reply) throw error;
    return { world, events: [], result: reply };
  }
}

/** Commits what time has brought to an account by now; gives the number of events. */
export async function bringUpToNow(account: AccountRef, played: Played, gateway: Gateway): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const loaded = await gateway.loadSandboxAccount(account.processor, account.accountId);
    if (loaded === null) return 0;
    const { world, events } = catchUp(played, loaded.world, loaded.now);
    if (world === loaded.world) return 0;
    if (await commit({ loaded, world, events, request: null }, played, gateway)) return events.length;
    await sleep(Math.random() * 10 * attempt);
  }
  throw new DatabaseError("Other requests for this account kept committing first.", "unavailable", "conflict");
}

async function load<World>(
  of: Command<World>["of"],
  played: Played<World>,
  gateway: Gateway,
): Promise<SandboxAccount | null> {
  if ("object" in of) return gateway.loadSandboxAccount(played.processor, of.object);
  // Where nobody is known, the clock of a user whom nobody moved.
  const { now } = await gateway.sandboxClock(played.userId(of.world) ?? "");
  return { accountId: of.account, revision: 0, world: of.world, now };
}

interface Step<World> {
  loaded: SandboxAccount;
  world: World;
  events: Emitted[];
  request: { key: string; fingerprint: string; status: number; body: unknown } | null;
}

async function commit<World>(
  { loaded, world, events, request }: Step<World>,
  played: Played<World>,
  gateway: Gateway,
): Promise<boolean> {
  const known = new Set(loaded.revision === 0 ? [] : played.objectIds(loaded.world as World));
  const { committed } = await gateway.commitSandboxAccount({
    processor: played.processor,
    accountId: loaded.accountId,
    revision: loaded.revision,
    userId: played.userId(world),
    world,
    dueAt: played.nextDue(world),
    asOf: loaded.now,
    objects: played.objectIds(world).filter((id) => !known.has(id)),
    events,
    request,
  });
  return committed;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
