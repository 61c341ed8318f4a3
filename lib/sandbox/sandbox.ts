/** The sandbox put together: the played processors, their outbox, the clocks. */
import type { Processor } from "@/lib/billing/types";
import { log } from "@/lib/core/observability";
import type { Gateway } from "@/lib/database";
import { type AccountRef, bringUpToNow, type Carried, type Command, carryOut } from "./accounts";
import { type ClockMove, type ClockMoved, moveClock } from "./clock";
import { deliver, deliverAndWait, type Send } from "./outbox";
import type { Played } from "./fake-processor";

export interface SandboxParts {
  gateway: Gateway;
  /** The processors that are played. */
  processors: readonly Played[];
  send: Send;
  secret: (processor: Processor) => string | undefined;
  /** Our own jobs that look ahead of a renewal; run while a clock is moved. */
  runJobs?: () => Promise<unknown>;
}

export type Sandbox = ReturnType<typeof createSandbox>;

const DUE_BATCH = 20;

export function createSandbox({ gateway, processors, send, secret, runJobs = async () => {} }: SandboxParts) {
  const played = (processor: Processor): Played => {
    const found = processors.find((each) => each.processor === processor);
    if (found === undefined) throw new Error(`The sandbox does not play ${processor}.`);
    return found;
  };
  const sender = { send, secret, played };
  const underway = new Set<Promise<unknown>>();

  /** Deliveries go on after the request is answered, as a processor's do; the tick repeats what breaks here. */
  function deliverSoon(account: AccountRef): void {
    const delivering = deliver(account, sender, gateway)
      .catch((error) => log.error({ ...account, error: String(error) }, "[Sandbox] Delivery broke off"))
      .finally(() => underway.delete(delivering));
    underway.add(delivering);
  }

  return {
    gateway,

    /** Carries out one request; its events go out by themselves. */
    async command<World>(command: Command<World>, of: Played<World>): Promise<Carried> {
      const carried = await carryOut(command, of, gateway);
      if (carried.outcome === "answered" && carried.account) deliverSoon(carried.account);
      return carried;
    },

    moveClock: (userId: string, move: ClockMove): Promise<ClockMoved> =>
      moveClock(userId, move, {
        gateway,
        played,
        deliverAndWait: (account) => deliverAndWait(account, sender, gateway),
        runJobs,
      }),

    /** What real time brings, and deliveries that are due again. */
    async tick(): Promise<{ events: number; attempts: number }> {
      let events = 0;
      for (const account of await gateway.dueSandboxAccounts(DUE_BATCH)) {
        events += await bringUpToNow(account, played(account.processor), gateway);
      }
      return { events, attempts: await deliver(null, sender, gateway) };
    },

    /** Resolves when no delivery that this process began is underway. */
    async idle(): Promise<void> {
      while (underway.size > 0) await Promise.all(underway);
    },
  };
}
