/** The story of one simulation: set the stage, look, deliver, look again, judge. */

import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import type { Processor } from "@/lib/billing/types";
import { freePlan, type ProductId, planLimit } from "@/lib/config/catalog";
import { productIds, product as productOf } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import { DatabaseError, type Gateway } from "@/lib/database";
import { type Delivered, deliver } from "./deliver";
import { copyOf } from "./dry-run";
import { type Check, decisionOf, judge } from "./judge";
import type { Told } from "./player";
import { type Asked, askedFor, type SimulationRequest } from "./requests";
import { type ScenarioId, scenario } from "./scenarios";
import { type Known, type Stage, setStage } from "./stage";

export interface Simulation {
  scenario: ScenarioId;
  userId: string;
  product: ProductId;
  processor: Processor;
  dryRun: boolean;
  /** The decision that the scenario is about; null where nothing was decided. */
  decision: Delivered["decision"] | null;
  /** How the product stood before the scenario's own events, and how it stands after them. */
  before: SubscriptionView;
  after: SubscriptionView;
  /** In the order of delivery; `setup`: it only brought the user to the scenario's beginning. */
  events: (Delivered & { setup: boolean })[];
  /** What the scenario expects, in a sentence. */
  expectation: string;
  checks: Check[];
  passed: boolean;
}

const SELF_GRANT = "Admins cannot change their own limits. Another admin can run this scenario with a limit.";

/**
 * Plays a scenario for a user. With `dryRun` on a copy, and no row of any table changes.
 * @param by the admin, who is named with a limit that the request grants
 * @throws DomainError bad_input, forbidden `self_grant`, unavailable if the processor is not configured, DatabaseError
 */
export async function simulate(request: SimulationRequest, by: string, gateway: Gateway): Promise<Simulation> {
  const { userId, scenario: id, dryRun } = request;
  const asked = askedFor(request);
  if (!dryRun && asked.limit !== null && by === userId) throw new DomainError("forbidden", "self_grant", SELF_GRANT);
  const played = scenario(id);
  const known = await look(userId, asked, gateway);
  const stage = setStage(known, {
    begins: played.begins,
    plan: asked.plan,
    interval: request.customData.interval ?? null,
    processor: request.processor ?? null,
  });
  const processor = stage.telling.player.processor;

  const events = played.tell(stage.telling);
  const run = dryRun ? runDry : runReally;
  const seen = await run({ known, stage, events, asked, by }, gateway);
  const { before, after, deliveries } = seen;
  const plans = { asked: stage.telling.plan, held: stage.held.plan };
  const checks = judge(played.expects, { product: known.product, deliveries, before, after, plans });
  return {
    scenario: id,
    userId,
    product: known.product,
    processor,
    dryRun,
    decision: decisionOf(played.expects, deliveries),
    before,
    after,
    events: [
      ...seen.setup.map((event) => ({ ...event, setup: true })),
      ...deliveries.map((event) => ({ ...event, setup: false })),
    ],
    expectation: played.expects.says,
    checks,
    passed: checks.every(({ ok }) => ok),
  };
}

/** Reads without a trace, also somebody whom nobody has seen yet. If the request names no product: the one they pay for, else the last of the config. */
async function look(userId: string, asked: Asked, gateway: Gateway): Promise<Known> {
  const customers = await customersOf(userId, gateway);
  const ids = asked.product === null ? productIds().reverse() : [asked.product];
  const peeked = await Promise.all(ids.map((id) => gateway.peekTimeline(userId, id)));
  const pays = (view: SubscriptionView) => view.plan !== freePlan(productOf(view.product)).id;
  const found = peeked.find(({ view }) => pays(view)) ?? peeked[0];
  if (found === undefined) throw new Error("The config has no product.");
  const { view, now, ...loaded } = found;
  return { userId, product: view.product, ...loaded, now: Date.parse(now), customers };
}

async function customersOf(userId: string, gateway: Gateway): Promise<Known["customers"]> {
  try {
    const { links } = await gateway.userDetail(userId, 0);
    const customers = links.filter(({ kind }) => kind === "customer");
    return Object.fromEntries(customers.map(({ processor, externalId }) => [processor, externalId]));
  } catch (error) {
    if (error instanceof DatabaseError && error.problem === "not_found") return {};
    throw error;
  }
}

interface Performance {
  known: Known;
  stage: Stage;
  events: readonly Told[];
  asked: Asked;
  by: string;
}

interface Seen {
  setup: Delivered[];
  before: SubscriptionView;
  deliveries: Delivered[];
  after: SubscriptionView;
}

async function runReally({ known, stage, events, asked, by }: Performance, gateway: Gateway): Promise<Seen> {
  const { userId, product } = known;
  const { processor, transaction } = stage.telling.player;
  // As our own server does when it makes a checkout: a browser's word would not be believed.
  if (transaction !== null && processor === "paddle") await gateway.linkTransaction("paddle", transaction, userId);
  const setup = await deliverAll(stage.setup, gateway);
  const before = await standing(userId, product, gateway);
  const deliveries = await deliverAll(events, gateway);
  const override = overrideFor(asked, await standing(userId, product, gateway));
  if (override !== null) {
    const { field, amount } = override;
    await gateway.setLimitOverride(userId, field, amount, { expiresAt: null, by, reason: "simulation" });
  }
  return { setup, before, deliveries, after: await standing(userId, product, gateway) };
}

async function deliverAll(events: readonly Told[], gateway: Gateway): Promise<Delivered[]> {
  const deliveries: Delivered[] = [];
  for (const event of events) deliveries.push(await deliver(event, gateway));
  return deliveries;
}

async function standing(userId: string, product: ProductId, gateway: Gateway): Promise<SubscriptionView> {
  const { subscriptions } = await gateway.usage(userId);
  const found = subscriptions.find((subscription) => subscription.product === product);
  if (found === undefined) throw new Error(`The database has no product ${product}.`);
  return found;
}

async function runDry({ known, stage, events, asked }: Performance, gateway: Gateway): Promise<Seen> {
  const { userId, product } = known;
  const copy = copyOf(known);
  const peek = async () => (await gateway.peekSubscription(userId, product, copy.timeline())).view;
  const setup = stage.setup.map(copy.deliver);
  const before = await peek();
  const deliveries = events.map(copy.deliver);
  const after = await peek();
  const override = overrideFor(asked, after);
  return { setup, before, deliveries, after: override === null ? after : withLimit(after, override) };
}

type Override = NonNullable<Asked["limit"]>;

/** A limit that is the plan's own is no override. */
function overrideFor({ limit }: Asked, { product, plan, quantity }: SubscriptionView): Override | null {
  if (limit === null || planLimit(productOf(product), plan, limit.field, quantity) === limit.amount) return null;
  return limit;
}

function withLimit(view: SubscriptionView, { field, amount }: Override): SubscriptionView {
  const meters = view.meters.map((meter) => {
    if (meter.field !== field) return meter;
    const remaining = Math.max(0, amount - meter.used - meter.reserved - meter.unpaidHeld);
    return { ...meter, limit: amount, remaining, overLimit: meter.used > amount };
  });
  return { ...view, meters };
}
