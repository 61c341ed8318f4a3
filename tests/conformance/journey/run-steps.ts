/** Plays every step at its processors, and gives the events that the sandbox sent meanwhile. */
import Stripe from "stripe";
import type { Processor } from "@/lib/billing/types";
import type { Gateway } from "@/lib/database";
import { httpClientOver } from "@/lib/sandbox/stripe";
import type { RecordedEvent } from "../record";
import { PADDLE_MONEY_STEPS } from "./paddle-money-steps";
import { PADDLE_STEPS } from "./paddle-steps";
import { type Step, type Surroundings, stepContext } from "./step-context";
import { STEPS } from "./steps";
import { STRIPE_COLLECTION_STEPS } from "./stripe-collection-steps";
import { STRIPE_MONEY_STEPS } from "./stripe-money-steps";
import { STRIPE_STEPS } from "./stripe-steps";

const EVENTS_A_PAGE = 100;

export async function playJourney(around: Omit<Surroundings, "stripe">): Promise<RecordedEvent[]> {
  const { gateway } = around;
  const httpClient = httpClientOver(() => around.fake.sandbox, "http://localhost:3000");
  const stripe = new Stripe("sk_test_journey", { httpClient, telemetry: false, maxNetworkRetries: 0 });
  const steps: Record<Processor, readonly Step[]> = {
    stripe: [...STEPS, ...STRIPE_STEPS, ...STRIPE_COLLECTION_STEPS, ...STRIPE_MONEY_STEPS],
    paddle: [...STEPS, ...PADDLE_STEPS, ...PADDLE_MONEY_STEPS],
  };
  for (const processor of ["stripe", "paddle"] as const)
    for (const { name, run } of steps[processor])
      try {
        await run(stepContext(name, processor, { ...around, stripe }));
      } catch (cause) {
        throw new Error(`${processor}, ${name}: ${cause}`, { cause });
      }
  return [...(await eventsOf("stripe", gateway)), ...(await eventsOf("paddle", gateway))];
}

async function eventsOf(processor: Processor, gateway: Gateway): Promise<RecordedEvent[]> {
  const events: RecordedEvent[] = [];
  for (let after: string | null = null; ; ) {
    const page: unknown[] = await gateway.listSandboxEvents(processor, after, null, EVENTS_A_PAGE);
    events.push(...page.map((body) => ({ processor, body })));
    const last = page.at(-1) as { id?: string; event_id?: string } | undefined;
    if (last === undefined) return events;
    after = last.id ?? last.event_id ?? null;
  }
}
