/** Runs one scenario for a user: setup, state before, deliveries, state after, checks. */

import type { SubscriptionView } from "@/lib/billing/schemas/usage-view";
import type { Processor } from "@/lib/billing/types";
import { freePlan, type ProductId, planLimit } from "@/lib/config/catalog";
import { productIds, product as productOf } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import { DatabaseError, type Gateway } from "@/lib/database";
import { type Delivered, deliver } from "./deliver";
import { copyOf } from "./dry-run";
import { type Check, decisionOf, evaluate } from "./evaluate";
import { type PreparedScenario, prepareScenario, type UserFacts } from "./prepare-scenario";
import { type RequestedPlan, requestedPlan, type SimulationRequest } from "./requests";
import { type ScenarioId, scenario } from "./scenarios";
import type { EventToDeliver } from "./subscription-driver";

export interface Simulation {
  scenario: ScenarioId;
  userId: string;
  product: ProductId;
  processor: Processor;
  dryRun: boolean;
  /** The decision that the scenario checks; null without one. */
  decision: Delivered["decision"] | null;
  /** The product's state before and after the scenario's own events. */
  before: SubscriptionView;
  after: SubscriptionView;
  /** In the order of delivery; `setup`: the event only prepared the scenario. */
  events: (Delivered & { setup: boolean })[];
  expectation: string;
  checks: Check[];
  passed: boolean;
}

const SELF_GRANT = "Admins cannot change their own limits. Another admin can run this scenario with a limit.";

/**
 * Runs a scenario for a user. A dry run works on a copy: no row of any table changes.
 * @param by the admin; a limit override that the request grants names them
 * @throws DomainError bad_input, forbidden `self_grant`, unavailable if the processor is not configured; DatabaseError
 */
export async function simulate(request: SimulationRequest, by: string, gateway: Gateway): Promise<Simulation> {
  const { userId, scenario: id, dryRun } = request;
  const requested = requestedPlan(request);
  if (!dryRun && requested.limit !== null && by === userId)
    throw new DomainError("forbidden", "self_grant", SELF_GRANT);
  const { begins, deliveries: deliveriesOf, expects } = scenario(id);
  const user = await userFacts(userId, requested, gateway);
  const prepared = prepareScenario(user, {
    begins,
    plan: requested.plan,
    interval: request.customData.interval ?? null,
    processor: request.processor ?? null,
  });
  const processor = prepared.context.driver.processor;

  const events = deliveriesOf(prepared.context);
  const run = dryRun ? runDry : runReally;
  const result = await run({ user, prepared, events, requested, by }, gateway);
  const { before, after, deliveries } = result;
  const plans = { requested: prepared.context.plan, previous: prepared.current.plan };
  const checks = evaluate(expects, { product: user.product, deliveries, before, after, plans });
  return {
    scenario: id,
    userId,
    product: user.product,
    processor,
    dryRun,
    decision: decisionOf(expects, deliveries),
    before,
    after,
    events: [
      ...result.setup.map((event) => ({ ...event, setup: true })),
      ...deliveries.map((event) => ({ ...event, setup: false })),
    ],
    expectation: expects.description,
    checks,
    passed: checks.every(({ ok }) => ok),
  };
}

/**
 * Reads the user's facts and creates no row, also for an unknown user. If the request names no product, it takes the
 * product that the user pays for, else the last one of the config.
 */
async function userFacts(userId: string, requested: RequestedPlan, gateway: Gateway): Promise<UserFacts> {
  const customers = await customersOf(userId, gateway);
  const ids = requested.product === null ? productIds().reverse() : [requested.product];
  const peeked = await Promise.all(ids.map((id) => gateway.peekTimeline(userId, id)));
  const pays = (view: SubscriptionView) => view.plan !== freePlan(productOf(view.product)).id;
  const found = peeked.find(({ view }) => pays(view)) ?? peeked[0];
  if (found === undefined) throw new Error("The config has no product.");
  const { view, now, ...loaded } = found;
  return { userId, product: view.product, ...loaded, now: Date.parse(now), customers };
}

async function customersOf(userId: string, gateway: Gateway): Promise<UserFacts["customers"]> {
  try {
    const { links } = await gateway.userDetail(userId, 0);
    const customers = links.filter(({ kind }) => kind === "customer");
    return Object.fromEntries(customers.map(({ processor, externalId }) => [processor, externalId]));
  } catch (error) {
    if (error instanceof DatabaseError && error.problem === "not_found") return {};
    throw error;
  }
}

interface Run {
  user: UserFacts;
  prepared: PreparedScenario;
  events: readonly EventToDeliver[];
  requested: RequestedPlan;
  by: string;
}

interface RunResult {
  setup: Delivered[];
  before: SubscriptionView;
  deliveries: Delivered[];
  after: SubscriptionView;
}

async function runReally({ user, prepared, events, requested, by }: Run, gateway: Gateway): Promise<RunResult> {
  const { userId, product } = user;
  const { processor, transaction } = prepared.context.driver;
  // Our server links the transaction when it creates a checkout; `custom_data` from a browser is not trusted.
  if (transaction !== null && processor === "paddle") await gateway.linkTransaction("paddle", transaction, userId);
  const setup = await deliverAll(prepared.setup, gateway);
  const before = await subscriptionView(userId, product, gateway);
  const deliveries = await deliverAll(events, gateway);
  const override = overrideFor(requested, await subscriptionView(userId, product, gateway));
  if (override !== null) {
    const { field, amount } = override;
    await gateway.setLimitOverride(userId, field, amount, { expiresAt: null, by, reason: "simulation" });
  }
  return { setup, before, deliveries, after: await subscriptionView(userId, product, gateway) };
}

async function deliverAll(events: readonly EventToDeliver[], gateway: Gateway): Promise<Delivered[]> {
  const deliveries: Delivered[] = [];
  for (const event of events) deliveries.push(await deliver(event, gateway));
  return deliveries;
}

async function subscriptionView(userId: string, product: ProductId, gateway: Gateway): Promise<SubscriptionView> {
  const { subscriptions } = await gateway.usage(userId);
  const found = subscriptions.find((subscription) => subscription.product === product);
  if (found === undefined) throw new Error(`The database has no product ${product}.`);
  return found;
}

async function runDry({ user, prepared, events, requested }: Run, gateway: Gateway): Promise<RunResult> {
  const { userId, product } = user;
  const copy = copyOf(user);
  const peek = async () => (await gateway.peekSubscription(userId, product, copy.timeline())).view;
  const setup = prepared.setup.map(copy.deliver);
  const before = await peek();
  const deliveries = events.map(copy.deliver);
  const after = await peek();
  const override = overrideFor(requested, after);
  return { setup, before, deliveries, after: override === null ? after : withLimit(after, override) };
}

type Override = NonNullable<RequestedPlan["limit"]>;

/** The requested limit, unless it is the plan's own. */
function overrideFor({ limit }: RequestedPlan, { product, plan, quantity }: SubscriptionView): Override | null {
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
