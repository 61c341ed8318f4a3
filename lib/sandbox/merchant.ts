/**
 * Our own account at a fake processor: catalog and settings. It is stored as one more account of the sandbox, which has no
 * user, no clock and no events.
 */
import type { Processor } from "@/lib/billing/types";
import { DatabaseError } from "@/lib/database";
import type { CommandResult, Reply } from "./accounts";
import type { FakeProcessor } from "./fake-processor";
import type { Sandbox } from "./sandbox";

interface MerchantRequest<State> {
  processor: Processor;
  /** The state of a new account. */
  empty: State;
  /** Whether `run` changes nothing. */
  reads: boolean;
  /** Changes the state and returns the answer. If it throws, nothing changes. */
  run: (state: State, now: number) => Reply;
  once?: { key: string; fingerprint: string } | undefined;
  refusal?: (error: unknown) => Reply | null;
}

const accountId = (processor: Processor) => `merchant_${processor}`;

function fakeMerchant<State>(processor: Processor): FakeProcessor<State> {
  return {
    processor,
    objectIds: () => [accountId(processor)],
    userId: () => null,
    nextDue: () => null,
    advance: () => {},
    signature: () => ["", ""],
  };
}

/** Runs one request on the account, which the first change creates. */
export async function runMerchant<State>(
  sandbox: Sandbox,
  { processor, empty, reads, run, once, refusal }: MerchantRequest<State>,
): Promise<CommandResult> {
  const account = accountId(processor);
  const fake = fakeMerchant<State>(processor);
  const shared = {
    run: (step: { state: State; now: number }) => run(step.state, step.now),
    once,
    ...(refusal && { refusal }),
  };
  const known = await sandbox.command<State>({ of: { object: account }, ...shared }, fake);
  if (known.outcome !== "unknown") return known;
  if (reads) return { outcome: "answered", reply: run(structuredClone(empty), Date.now()), account: null };
  try {
    return await sandbox.command<State>({ of: { account, state: empty }, ...shared }, fake);
  } catch (error) {
    // Another request created the account first.
    if (!(error instanceof DatabaseError)) throw error;
    return sandbox.command<State>({ of: { object: account }, ...shared }, fake);
  }
}
