/**
 * Sends calls that arrive during a statement together in the next one: one transaction and one flush of Postgres' log for all
 * of them. A single call is sent at once; no call waits for a timer.
 *
 * The calls run in batch mode (one statement that never waits for a lock) or sequentially per user. So a locked row
 * delays only that user. The batch leaves some calls to the sequential mode. They are calls with a new user, with a
 * window that must advance, over a limit, with a locked row, or with bad input. A user's calls keep their order: while
 * a user's queue exists, that user's new calls join it.
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
  /**
   * Batches that may be in flight at once, so that this process reads one answer while Postgres works on the other. A
   * batch beside another one needs `minCallsBeside` waiting calls: small statements would cost more than they gain.
   */
  maxBatchesInFlight?: number;
  minCallsBeside?: number;
  /** Calls that may wait at once; the next one is refused, so that a stalled database cannot fill the memory. */
  maxWaiting?: number;
  /** Calls of one user that may wait at once, so that one user cannot use up `maxWaiting`. */
  maxWaitingPerOwner?: number;
  /** User queues that may have a statement in flight at once. */
  maxQueuesInFlight?: number;
  /** Milliseconds that a call may wait until it is sent; after that it is refused without being sent. */
  maxWaitMs?: number;
  /** Receives the mode and the number of calls of each statement. */
  onSend?: (mode: Mode, calls: number) => void;
}

export type Mode = "batch" | "sequential";

interface WaitingCall<Call, Answer> {
  call: Call;
  since: number;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/**
 * A function that evaluates one call, together with other calls that wait.
 * It throws the errors of `batch` and `sequential`, and DatabaseError `unavailable` with code `overloaded` for a call that
 * was not sent.
 */
export function microBatcher<Call, Answer>(
  options: MicroBatcherOptions<Call, Answer>,
): (call: Call) => Promise<Answer> {
  const batcher = new MicroBatcher(options);
  return (call) => batcher.evaluate(call);
}

class MicroBatcher<Call, Answer> {
  private readonly options: Required<MicroBatcherOptions<Call, Answer>>;
  /** Calls that wait for the next batch. */
  private waiting: WaitingCall<Call, Answer>[] = [];
  private batchesInFlight = 0;
  /** Users with a call in a batch in flight: their next calls wait for its answer, so that they keep their order. */
  private readonly ownersInFlight = new Set<string>();
  /** Each user's calls for the sequential mode; the key stays while their statement is in flight. */
  private readonly queues = new Map<string, WaitingCall<Call, Answer>[]>();
  /** Users whose queue has calls to send and no statement in flight. */
  private readonly ready: string[] = [];
  private queuesInFlight = 0;
  /** Calls that wait or are in flight: of all users, and of each. */
  private count = 0;
  private readonly counts = new Map<string, number>();

  constructor(options: MicroBatcherOptions<Call, Answer>) {
    this.options = { ...DEFAULTS, ...options };
  }

  evaluate(call: Call): Promise<Answer> {
    const { ownerOf, maxWaiting, maxWaitingPerOwner } = this.options;
    const owner = ownerOf(call);
    if (this.count >= maxWaiting || (this.counts.get(owner) ?? 0) >= maxWaitingPerOwner)
      return Promise.reject(overloaded());
    this.countFor(owner, 1);
    return new Promise((resolve, reject) => {
      // Also if the user has a queue: earlier calls of the user may still wait here.
      this.waiting.push({ call, since: performance.now(), resolve, reject });
      this.sendBatches();
    });
  }

  private sendBatches(): void {
    const { maxBatchesInFlight, minCallsBeside } = this.options;
    while (this.batchesInFlight < maxBatchesInFlight) {
      if (this.batchesInFlight > 0 && !this.canSend(minCallsBeside)) return;
      const entries = this.takeBatch();
      if (entries.length === 0) return;
      void this.sendBatch(entries);
    }
  }

  private async sendBatch(entries: WaitingCall<Call, Answer>[]): Promise<void> {
    const owners = new Set(entries.map(({ call }) => this.options.ownerOf(call)));
    for (const owner of owners) this.ownersInFlight.add(owner);
    this.batchesInFlight += 1;
    await this.evaluateBatch(entries);
    // After one pass of the event loop, callers that were just answered and new requests join the next statement.
    await eventLoopPass();
    for (const owner of owners) this.ownersInFlight.delete(owner);
    this.batchesInFlight -= 1;
    this.sendBatches();
  }

  /** Whether so many calls of users without a call in flight wait. */
  private canSend(calls: number): boolean {
    if (this.waiting.length < calls) return false;
    let free = 0;
    for (const { call } of this.waiting) {
      if (!this.ownersInFlight.has(this.options.ownerOf(call))) free += 1;
      if (free >= calls) return true;
    }
    return false;
  }

  /** The next calls of users without a call in flight. Calls of users with a queue join it. */
  private takeBatch(): WaitingCall<Call, Answer>[] {
    const batch: WaitingCall<Call, Answer>[] = [];
    const later: WaitingCall<Call, Answer>[] = [];
    for (const entry of this.waiting) {
      const free = batch.length < this.options.maxCalls && !this.ownersInFlight.has(this.options.ownerOf(entry.call));
      if (!free) later.push(entry);
      else if (!this.refuseLate(entry) && !this.joinQueue(entry)) batch.push(entry);
    }
    this.waiting = later;
    return batch;
  }

  private async evaluateBatch(entries: WaitingCall<Call, Answer>[]): Promise<void> {
    this.options.onSend("batch", entries.length);
    try {
      const answers = await this.options.batch(entries.map(({ call }) => call));
      for (const [index, entry] of entries.entries()) {
        const answer = answers[index] ?? null;
        if (answer === null) this.openQueue(entry);
        else this.settle(entry, answer);
      }
    } catch (error) {
      // An error of one call must not fail the others: each user's calls are evaluated alone. But only if the database
      // refused the batch. After any other error the batch may have been charged.
      const refused = error instanceof DatabaseError && error.problem !== "unavailable";
      for (const entry of entries) {
        if (refused) this.openQueue(entry);
        else this.settle(entry, error as Error);
      }
    }
  }

  /** Adds a call to its user's queue; false if the user has none. */
  private joinQueue(entry: WaitingCall<Call, Answer>): boolean {
    return this.queues.get(this.options.ownerOf(entry.call))?.push(entry) !== undefined;
  }

  private openQueue(entry: WaitingCall<Call, Answer>): void {
    if (this.joinQueue(entry)) return;
    const owner = this.options.ownerOf(entry.call);
    this.queues.set(owner, [entry]);
    this.ready.push(owner);
    // After all answers of the batch are distributed, so that a user's calls share one statement.
    queueMicrotask(() => this.sendQueues());
  }

  private sendQueues(): void {
    while (this.queuesInFlight < this.options.maxQueuesInFlight) {
      const owner = this.ready.shift();
      if (owner === undefined) return;
      this.queuesInFlight += 1;
      void this.evaluateQueue(owner);
    }
  }

  private async evaluateQueue(owner: string): Promise<void> {
    const queue = this.queues.get(owner) ?? [];
    const entries = this.take(queue);
    if (entries.length > 0) this.options.onSend("sequential", entries.length);
    try {
      const answers = entries.length > 0 ? await this.options.sequential(entries.map(({ call }) => call)) : [];
      for (const [index, entry] of entries.entries()) this.settle(entry, answers[index] ?? unanswered());
    } catch (error) {
      for (const entry of entries) this.settle(entry, error as Error);
    }
    this.queuesInFlight -= 1;
    // A user with more calls goes to the end, so that one user's calls cannot occupy all connections.
    if (queue.length > 0) this.ready.push(owner);
    else this.queues.delete(owner);
    this.sendQueues();
  }

  /** Takes the first calls of a queue and refuses those that waited too long. */
  private take(queue: WaitingCall<Call, Answer>[]): WaitingCall<Call, Answer>[] {
    return queue.splice(0, this.options.maxCalls).filter((entry) => !this.refuseLate(entry));
  }

  /** Refuses a call that waited too long. */
  private refuseLate(entry: WaitingCall<Call, Answer>): boolean {
    const late = entry.since < performance.now() - this.options.maxWaitMs;
    if (late) this.settle(entry, overloaded());
    return late;
  }

  private settle({ call, resolve, reject }: WaitingCall<Call, Answer>, answer: Answer | Error): void {
    this.countFor(this.options.ownerOf(call), -1);
    if (answer instanceof Error) reject(answer);
    else resolve(answer);
  }

  private countFor(owner: string, change: 1 | -1): void {
    this.count += change;
    const left = (this.counts.get(owner) ?? 0) + change;
    if (left === 0) this.counts.delete(owner);
    else this.counts.set(owner, left);
  }
}

const DEFAULTS = {
  maxCalls: 128,
  maxBatchesInFlight: 2,
  minCallsBeside: 32,
  maxWaiting: 4_096,
  maxWaitingPerOwner: 1_024,
  maxQueuesInFlight: 4,
  maxWaitMs: QUEUE_MS,
  onSend: () => {},
};

const eventLoopPass = () => new Promise<void>((resolve) => setImmediate(resolve));

function overloaded(): DatabaseError {
  return new DatabaseError("Too many calls are waiting for the database.", "unavailable", "overloaded");
}

function unanswered(): DatabaseError {
  return new DatabaseError("The database left a call unanswered.", "broken", "");
}
