/** Accounts of the fake processors: loaded, changed and committed by compare and swap. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Instant, Processor } from "@/lib/billing/types";
import { DatabaseError, type Gateway, type SandboxAccount } from "@/lib/database";
import { catchUp, type FakeProcessor } from "./fake-processor";
import { type EmittedEvent, runStep, type Step, type StepResult } from "./step";

/** The answer to a request. */
export interface Reply {
  status: number;
  body: unknown;
}

export interface Command<AccountState> {
  /** The account that has this object; or a new one, with its first state. */
  of: { object: string } | { account: string; state: AccountState };
  /** If it throws, nothing changes. */
  run: (step: Step<AccountState>) => Reply;
  /** The request's idempotency key, and a fingerprint of the request. */
  once?: { key: string; fingerprint: string } | undefined;
  /** The answer to store under the key if `run` throws; null: the error is thrown, and the key stays free. */
  refusal?: (error: unknown) => Reply | null;
}

export type CommandResult =
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
/** How long an idempotency key is stored, by the account's clock. */
const KEY_MS = 24 * 3_600_000;

/**
 * Runs a request: first the actions that became due meanwhile, then the request, committed together with the events and
 * the answer. If another request commits first, it starts again.
 * @throws DatabaseError, and the error of `run` unless `refusal` maps it to an answer
 */
export async function runCommand<AccountState>(
  command: Command<AccountState>,
  fake: FakeProcessor<AccountState>,
  gateway: Gateway,
): Promise<CommandResult> {
  const { of, once } = command;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const answered = once && (await gateway.loadSandboxRequest(fake.processor, once.key));
    const loaded = await load(of, fake, gateway);
    if (loaded === null) return { outcome: "unknown" };
    if (answered && loaded.now - answered.at < KEY_MS) {
      if (answered.fingerprint !== once.fingerprint) return { outcome: "key_reused" };
      return { outcome: "answered", reply: { status: answered.status, body: answered.body }, account: null };
    }
    const state = loaded.state as AccountState;
    const caughtUp = catchUp(fake, state, loaded.now);
    const { result: reply, ...after } = answer(command, caughtUp.state, loaded.now);
    const events = [...caughtUp.events, ...after.events];
    const account = { processor: fake.processor, accountId: loaded.accountId };
    const unchanged = events.length === 0 && loaded.revision > 0 && same(state, after.state);
    if (unchanged && !once) return { outcome: "answered", reply, account: null };
    const request = once ? { ...once, ...reply } : null;
    if (await commit({ loaded, state: after.state, events, request }, fake, gateway)) {
      return { outcome: "answered", reply, account };
    }
    await sleep(Math.random() * 10 * attempt);
  }
  throw new DatabaseError("Other requests for this account kept committing first.", "unavailable", "conflict");
}

/** A refusal that is stored under the key changes nothing. */
function answer<AccountState>(
  { run, once, refusal }: Command<AccountState>,
  state: AccountState,
  now: Instant,
): StepResult<AccountState, Reply> {
  try {
    return runStep(state, now, run);
  } catch (error) {
    const reply = once && refusal?.(error);
    if (!reply) throw error;
    return { state, events: [], result: reply };
  }
}

/** Runs and commits an account's due actions; returns the number of events. */
export async function bringUpToNow(account: AccountRef, fake: FakeProcessor, gateway: Gateway): Promise<number> {
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const loaded = await gateway.loadSandboxAccount(account.processor, account.accountId);
    if (loaded === null) return 0;
    const { state, events } = catchUp(fake, loaded.state, loaded.now);
    if (state === loaded.state) return 0;
    if (await commit({ loaded, state, events, request: null }, fake, gateway)) return events.length;
    await sleep(Math.random() * 10 * attempt);
  }
  throw new DatabaseError("Other requests for this account kept committing first.", "unavailable", "conflict");
}

async function load<AccountState>(
  of: Command<AccountState>["of"],
  fake: FakeProcessor<AccountState>,
  gateway: Gateway,
): Promise<SandboxAccount | null> {
  if ("object" in of) return gateway.loadSandboxAccount(fake.processor, of.object);
  // An account without a user runs on real time: the clock of "" is never moved.
  const { now } = await gateway.sandboxClock(fake.userId(of.state) ?? "");
  return { accountId: of.account, revision: 0, state: of.state, now };
}

interface Change<AccountState> {
  loaded: SandboxAccount;
  state: AccountState;
  events: EmittedEvent[];
  request: { key: string; fingerprint: string; status: number; body: unknown } | null;
}

async function commit<AccountState>(
  { loaded, state, events, request }: Change<AccountState>,
  fake: FakeProcessor<AccountState>,
  gateway: Gateway,
): Promise<boolean> {
  const known = new Set(loaded.revision === 0 ? [] : fake.objectIds(loaded.state as AccountState));
  const { committed } = await gateway.commitSandboxAccount({
    processor: fake.processor,
    accountId: loaded.accountId,
    revision: loaded.revision,
    userId: fake.userId(state),
    state: state,
    dueAt: fake.nextDue(state),
    asOf: loaded.now,
    objects: fake.objectIds(state).filter((id) => !known.has(id)),
    events,
    request,
  });
  return committed;
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
