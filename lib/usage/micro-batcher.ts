/**
 * Sends calls that arrive during a statement together in the next one: one transaction and one flush of the log for all of
 * them. A single call is sent at once; no call waits for a timer.
 *
 * Calls run in batch mode (one statement that never waits for a lock) or sequentially per user, so a locked row delays only
 * that user. The batch leaves some calls to the sequential mode: a new user, a window that must advance, the call that
 * exceeds a limit, a locked row, bad input. A user's calls keep their order: while a user's queue exists, that user's new
 * calls join it.
 */

import { QUEUE_MS } from "@/lib/core/deadlines";
import { DatabaseError } from "@/lib/database";

interface MicroBatcherOptions<Call, Answer> {
  /** The user whose calls keep their order. */
  ownerOf: (call: Call) => string;
  /** Evaluates calls of many users as one set; null for a call that needs the sequential mode. Waits for no lock. */
  batch: (calls: readonly Call[]) => Promise<readonly (Answer | null)[]>;
  /** Evaluates calls of one user in their order; an error for a call that fails alone. */
  sequential: (calls: readonly Call[]) => Promise<readonly (Answer | DatabaseError)[]>;
  /** Calls per statement. */
  maxCalls?: number;
  /** Calls that may wait at once; the next one is refused, so that a stalled database cannot fill the memory. */
  maxWaiting?: number;
  /** Calls of one user that may wait at once, so that one user's calls cannot take the place of all others'. */
  maxWaitingPerOwner?: number;
  /** User queues that may have a statement in flight at once. */
  maxQueuesInFlight?: number;
  /** Milliseconds that a call may wait until it is sent; after that it is refused without being sent. */
  maxWaitMs?: number;
  /** Receives the mode and the number of calls of each statement. */
  onSend?: (mode: Mode, calls: number) => void;
}

export type Mode = "batch" | "sequential";

interface Waiting<Call, Answer> {
  call: Call;
  since: number;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/**
 * A function that evaluates one call, together with other calls that wait.
 * It throws what `batch` and `sequential` throw, and DatabaseError `unavailable` with code `overloaded` for a call that was
 * not sent.
 */
export function microBatcher<Call, Answer>({
  ownerOf,
  batch,
  sequential,
  maxCalls = 128,
  maxWaiting = 4_096,
  maxWaitingPerOwner = 1_024,
  maxQueuesInFlight = 4,
  maxWaitMs = QUEUE_MS,
  onSend,
}: MicroBatcherOptions<Call, Answer>): (call: Call) => Promise<Answer> {
  type Entry = Waiting<Call, Answer>;
  const arrived: Entry[] = [];
  /** A user's calls for the sequential mode; the key stays while their statement is in flight. */
  const queues = new Map<string, Entry[]>();
  /** Users whose queue has calls to send and no statement in flight. */
  const ready: string[] = [];
  let queuesInFlight = 0;
  let batchInFlight = false;
  let count = 0;
  const counts = new Map<string, number>();

  /** Adds to the calls that a user has waiting or in flight. */
  function countFor(owner: string, change: 1 | -1): void {
    count += change;
    const left = (counts.get(owner) ?? 0) + change;
    if (left === 0) counts.delete(owner);
    else counts.set(owner, left);
  }

  function settle({ call, resolve, reject }: Entry, answer: Answer | Error): void {
    countFor(ownerOf(call), -1);
    if (answer instanceof Error) reject(answer);
    else resolve(answer);
  }

  /** Takes the first calls of a queue and refuses those that waited too long. */
  function take(queue: Entry[]): Entry[] {
    const oldest = performance.now() - maxWaitMs;
    const taken = queue.splice(0, maxCalls);
    const late = taken.filter(({ since }) => since < oldest);
    for (const entry of late) settle(entry, overloaded());
    return late.length === 0 ? taken : taken.filter(({ since }) => since >= oldest);
  }

  async function sendBatches(): Promise<void> {
    if (batchInFlight) return;
    batchInFlight = true;
    while (arrived.length > 0) {
      const entries = take(arrived).filter((entry) => !joinQueue(entry));
      if (entries.length === 0) continue;
      await evaluateBatch(entries);
      // After one pass of the event loop, callers that were just answered and new requests join the next statement.
      await eventLoopPass();
    }
    batchInFlight = false;
  }

  async function evaluateBatch(entries: Entry[]): Promise<void> {
    onSend?.("batch", entries.length);
    try {
      const answers = await batch(entries.map(({ call }) => call));
      for (const [index, entry] of entries.entries()) {
        const answer = answers[index] ?? null;
        if (answer === null) openQueue(entry);
        else settle(entry, answer);
      }
    } catch (error) {
      for (const entry of entries) {
        // An error of one call must not fail the others: each user's calls are evaluated alone.
        if (error instanceof DatabaseError && error.problem === "unavailable") settle(entry, error);
        else openQueue(entry);
      }
    }
  }

  /** Adds a call to its user's queue; false if the user has none. */
  function joinQueue(entry: Entry): boolean {
    return queues.get(ownerOf(entry.call))?.push(entry) !== undefined;
  }

  function openQueue(entry: Entry): void {
    if (joinQueue(entry)) return;
    const owner = ownerOf(entry.call);
    queues.set(owner, [entry]);
    ready.push(owner);
    // After all answers of the batch are distributed, so that a user's calls share one statement.
    queueMicrotask(sendQueues);
  }

  function sendQueues(): void {
    while (queuesInFlight < maxQueuesInFlight) {
      const owner = ready.shift();
      if (owner === undefined) return;
      queuesInFlight += 1;
      void evaluateQueue(owner);
    }
  }

  async function evaluateQueue(owner: string): Promise<void> {
    const queue = queues.get(owner) ?? [];
    const entries = take(queue);
    if (entries.length > 0) onSend?.("sequential", entries.length);
    try {
      const answers = entries.length > 0 ? await sequential(entries.map(({ call }) => call)) : [];
      for (const [index, entry] of entries.entries()) settle(entry, answers[index] ?? unanswered());
    } catch (error) {
      for (const entry of entries) settle(entry, error as Error);
    }
    queuesInFlight -= 1;
    // A user with more calls goes to the end, so that no user keeps the connections from the others.
    if (queue.length > 0) ready.push(owner);
    else queues.delete(owner);
    sendQueues();
  }

  return (call) => {
    const owner = ownerOf(call);
    if (count >= maxWaiting || (counts.get(owner) ?? 0) >= maxWaitingPerOwner) return Promise.reject(overloaded());
    countFor(owner, 1);
    return new Promise((resolve, reject) => {
      const entry = { call, since: performance.now(), resolve, reject };
      // Also if the user has a queue: earlier calls of the user may still wait here.
      arrived.push(entry);
      void sendBatches();
    });
  };
}

const eventLoopPass = () => new Promise<void>((resolve) => setImmediate(resolve));

function overloaded(): DatabaseError {
  return new DatabaseError("Too many calls are waiting for the database.", "unavailable", "overloaded");
}

function unanswered(): DatabaseError {
  return new DatabaseError("The database left a call unanswered.", "broken", "");
}
