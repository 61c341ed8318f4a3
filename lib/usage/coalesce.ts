/**
 * Lets calls that arrive while a statement is in flight travel together in the next one: one transaction and one flush
 * of the log for all of them. A lone call goes at once, and nothing ever waits on a timer.
 *
 * Two roads. Most calls are judged *together*, as one set, by a statement that never waits for a lock. What it leaves
 * open (a new user, a window that turns, the call that crosses a limit, a row that somebody else holds, bad input) is
 * judged *in turn*, each user's calls in a lane of their own: one slow row keeps nobody but its own callers waiting.
 * A user's calls keep their order: while a lane is open, new calls of its user queue behind it.
 */
import { DatabaseError } from "@/lib/database";
import { QUEUE_MS } from "@/lib/deadlines";

interface CoalesceOptions<Call, Answer> {
  /** Whose calls keep their order. */
  ownerOf: (call: Call) => string;
  /** Judges calls of many owners as one set; null for a call that must be judged in turn. Waits for no lock. */
  together: (calls: readonly Call[]) => Promise<readonly (Answer | null)[]>;
  /** Judges calls of one owner in their order; an error for a call that fails alone. */
  inTurn: (calls: readonly Call[]) => Promise<readonly (Answer | DatabaseError)[]>;
  /** Calls a statement. */
  batch?: number;
  /** Calls that may wait at once; one more is refused, so that a stalled database costs no memory without end. */
  waiting?: number;
  /** Calls of one owner that may wait at once, so that one owner's cannot take the place of all others'. */
  waitingPerOwner?: number;
  /** Lanes that may have a statement in flight at once. */
  lanes?: number;
  /** Milliseconds that a call may wait for its turn to be sent; then it is refused, unsent. */
  patience?: number;
  /** Told of every statement that is sent: by which road, with how many calls. */
  onSend?: (road: Road, calls: number) => void;
}

type Road = "together" | "in_turn";

interface Waiting<Call, Answer> {
  call: Call;
  since: number;
  resolve: (answer: Answer) => void;
  reject: (error: unknown) => void;
}

/**
 * A function that judges one call, together with whatever else is waiting.
 * It throws what `together` and `inTurn` throw, and DatabaseError `unavailable` with code `overloaded` unsent.
 */
export function coalesce<Call, Answer>({
  ownerOf,
  together,
  inTurn,
  batch = 128,
  waiting = 4_096,
  waitingPerOwner = 1_024,
  lanes: maxLanes = 4,
  patience = QUEUE_MS,
  onSend,
}: CoalesceOptions<Call, Answer>): (call: Call) => Promise<Answer> {
  type Entry = Waiting<Call, Answer>;
  const arrived: Entry[] = [];
  /** An owner's calls that are judged in turn; the key stays while its statement is in flight. */
  const lanes = new Map<string, Entry[]>();
  /** Owners whose lane has calls to send and no statement in flight. */
  const ready: string[] = [];
  let lanesInFlight = 0;
  let inFlight = false;
  let count = 0;
  const counts = new Map<string, number>();

  /** Adds to the calls that an owner has waiting or in flight. */
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

  /** Takes the first calls of a queue, without those that waited too long. */
  function take(queue: Entry[]): Entry[] {
    const oldest = performance.now() - patience;
    const taken = queue.splice(0, batch);
    const late = taken.filter(({ since }) => since < oldest);
    for (const entry of late) settle(entry, overloaded());
    return late.length === 0 ? taken : taken.filter(({ since }) => since >= oldest);
  }

  async function send(): Promise<void> {
    if (inFlight) return;
    inFlight = true;
    while (arrived.length > 0) {
      const entries = take(arrived).filter((entry) => !joinsLane(entry));
      if (entries.length === 0) continue;
      await judgeTogether(entries);
      // One turn of the event loop: those who were just answered, and requests that came in, join the next statement.
      await turn();
    }
    inFlight = false;
  }

  async function judgeTogether(entries: Entry[]): Promise<void> {
    onSend?.("together", entries.length);
    try {
      const answers = await together(entries.map(({ call }) => call));
      for (const [index, entry] of entries.entries()) {
        const answer = answers[index] ?? null;
        if (answer === null) openLane(entry);
        else settle(entry, answer);
      }
    } catch (error) {
      for (const entry of entries) {
        // What is wrong with one call must not fail the others: each owner's are judged by themselves.
        if (error instanceof DatabaseError && error.problem === "unavailable") settle(entry, error);
        else openLane(entry);
      }
    }
  }

  /** Queues a call behind its owner's earlier ones; false where none is judged in turn. */
  function joinsLane(entry: Entry): boolean {
    return lanes.get(ownerOf(entry.call))?.push(entry) !== undefined;
  }

  function openLane(entry: Entry): void {
    if (joinsLane(entry)) return;
    const owner = ownerOf(entry.call);
    lanes.set(owner, [entry]);
    ready.push(owner);
    // After the whole answer has been dealt out, so that an owner's calls go in one statement.
    queueMicrotask(sendLanes);
  }

  function sendLanes(): void {
    while (lanesInFlight < maxLanes) {
      const owner = ready.shift();
      if (owner === undefined) return;
      lanesInFlight += 1;
      void judgeInTurn(owner);
    }
  }

  async function judgeInTurn(owner: string): Promise<void> {
    const lane = lanes.get(owner) ?? [];
    const entries = take(lane);
    if (entries.length > 0) onSend?.("in_turn", entries.length);
    try {
      const answers = entries.length > 0 ? await inTurn(entries.map(({ call }) => call)) : [];
      for (const [index, entry] of entries.entries()) settle(entry, answers[index] ?? unanswered());
    } catch (error) {
      for (const entry of entries) settle(entry, error as Error);
    }
    lanesInFlight -= 1;
    // An owner with more calls goes to the back, so that none keeps the lanes from the others.
    if (lane.length > 0) ready.push(owner);
    else lanes.delete(owner);
    sendLanes();
  }

  return (call) => {
    const owner = ownerOf(call);
    if (count >= waiting || (counts.get(owner) ?? 0) >= waitingPerOwner) return Promise.reject(overloaded());
    countFor(owner, 1);
    return new Promise((resolve, reject) => {
      const entry = { call, since: performance.now(), resolve, reject };
      // Also where its owner's lane is open: earlier calls of the owner may still wait here.
      arrived.push(entry);
      void send();
    });
  };
}

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

function overloaded(): DatabaseError {
  return new DatabaseError("Too many calls are waiting for the database.", "unavailable", "overloaded");
}

function unanswered(): DatabaseError {
  return new DatabaseError("The database left a call unanswered.", "broken", "");
}
