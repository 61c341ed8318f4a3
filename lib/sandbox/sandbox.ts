/** Puts the sandbox together: the fake processors, their outbox, the clocks. */
import type { Processor } from "@/lib/billing/types";
import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";
import { type AccountRef, bringUpToNow, type Command, type CommandResult, runCommand } from "./accounts";
import { type ClockMove, type ClockMoved, moveClock } from "./clock";
import type { FakeProcessor } from "./fake-processor";
import { deliver, deliverAndWait, type Send } from "./outbox";

export interface SandboxParts {
  gateway: Gateway;
  processors: readonly FakeProcessor[];
  send: Send;
  secret: (processor: Processor) => string | undefined;
  /** Our jobs that work ahead of a renewal; they run while a clock is moved. */
  runJobs?: () => Promise<unknown>;
}

export type Sandbox = ReturnType<typeof createSandbox>;

const DUE_BATCH = 20;

export function createSandbox({ gateway, processors, send, secret, runJobs = async () => {} }: SandboxParts) {
  const fakeOf = (processor: Processor): FakeProcessor => {
    const found = processors.find((each) => each.processor === processor);
    if (found === undefined) throw new Error(`The sandbox has no fake ${processor}.`);
    return found;
  };
  const sender = { send, secret, fakeOf };
  const underway = new Set<Promise<unknown>>();

  /** Deliveries run after the answer, like a processor's; the tick repeats those that fail here. */
  function deliverSoon(account: AccountRef): void {
    const delivering = deliver(account, sender, gateway)
      .catch((error) => log.error({ ...account, error: String(error) }, "[Sandbox] Delivery stopped"))
      .finally(() => underway.delete(delivering));
    underway.add(delivering);
  }

  return {
    gateway,

    /** Runs one request; its events are delivered in the background. */
    async command<AccountState>(
      command: Command<AccountState>,
      of: FakeProcessor<AccountState>,
    ): Promise<CommandResult> {
      const commandResult = await runCommand(command, of, gateway);
      if (commandResult.outcome === "answered" && commandResult.account) deliverSoon(commandResult.account);
      return commandResult;
    },

    moveClock: (userId: string, move: ClockMove): Promise<ClockMoved> =>
      moveClock(userId, move, {
        gateway,
        fakeOf,
        deliverAndWait: (account) => deliverAndWait(account, sender, gateway),
        runJobs,
      }),

    /** Runs actions that are due by real time, and repeats due deliveries. */
    async tick(): Promise<{ events: number; attempts: number }> {
      let events = 0;
      for (const account of await gateway.dueSandboxAccounts(DUE_BATCH)) {
        events += await bringUpToNow(account, fakeOf(account.processor), gateway);
      }
      return { events, attempts: await deliver(null, sender, gateway) };
    },

    /** Resolves when all deliveries that this process started have ended. */
    async idle(): Promise<void> {
      while (underway.size > 0) await Promise.all(underway);
    },
  };
}
