import { DatabaseError } from "@/lib/database";
import { type Mode, microBatcher } from "@/lib/usage/micro-batcher";

export interface Call {
  owner: string;
  id: number;
}

export type Reply = (DatabaseError | string | null)[] | Error;

/** One statement in flight: its calls, and the function that answers it. */
export interface Statement {
  mode: Mode;
  ids: number[];
  answer: (reply?: Reply) => Promise<void>;
}

export const DOWN = new DatabaseError("gone", "unavailable", "57P01");

export const BROKEN = new DatabaseError("wrong", "broken", "XX000");

/** Resolves after the microtasks and event-loop passes that an answer causes. */
export const settled = async () => {
  for (const _ of [1, 2]) await new Promise<void>((resolve) => setImmediate(resolve));
};

/** A micro-batcher whose statements stay in flight until the test answers them. */
export function manualBatcher(
  limits: {
    maxCalls?: number;
    minCallsBeside?: number;
    maxWaiting?: number;
    maxWaitingPerOwner?: number;
    maxQueuesInFlight?: number;
    maxWaitMs?: number;
  } = {},
) {
  const statements: Statement[] = [];
  const sent = (mode: Mode) => (calls: readonly Call[]) =>
    new Promise<never>((resolve, reject) => {
      const statement: Statement = {
        mode,
        ids: calls.map(({ id }) => id),
        answer: (reply = calls.map(({ id }) => `${mode} ${id}`)) => {
          statements.splice(statements.indexOf(statement), 1);
          if (reply instanceof Error) reject(reply);
          else resolve(reply as never);
          return settled();
        },
      };
      statements.push(statement);
    });
  const evaluate = microBatcher<Call, string>({
    ownerOf: ({ owner }) => owner,
    batch: sent("batch"),
    sequential: sent("sequential"),
    ...limits,
  });
  let calls = 0;
  return {
    statements,
    /** The only statement in flight of this mode. */
    flying(mode: Mode): Statement {
      const [statement, ...others] = statements.filter((each) => each.mode === mode);
      if (statement === undefined || others.length > 0) throw new Error(`${others.length + 1} ${mode} in flight`);
      return statement;
    },
    /** Answers every statement until none is in flight. */
    async answerAll(): Promise<void> {
      for (let next = statements.at(0); next; next = statements.at(0)) await next.answer();
    },
    /** Calls with the ids 0, 1, 2 … in the order they are made. Returns the error's code if the call failed. */
    call(owner = `owner of ${calls}`): Promise<string> {
      const id = calls;
      calls += 1;
      return evaluate({ owner, id }).catch((error: DatabaseError) => error.code);
    },
  };
}
