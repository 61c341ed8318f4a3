/** The prices that buyers can choose here: those of the catalog that a configured processor has an id for. */
import type { Price } from "@/lib/config/catalog";
import { sellable } from "@/lib/config/current-catalog";
import { INTERVALS, type Interval, PROCESSORS, type Processor } from "@/lib/config/terms";
import { type GetProcessor, getProcessor, type ProcessorConnection } from "./registry";

export interface Offer {
  /** The processors that accept payments here for at least one price, the default first. */
  processors: Processor[];
  /** Whether the processor sells the price. */
  sold: (processor: Processor, price: Price) => boolean;
  /** The intervals by which the processor sells a plan of a product; of any product without one. */
  intervals: (processor: Processor, product: string | null) => Interval[];
}

/** A plan that the catalog sells and a configured processor has no price for. */
export interface UnsoldPlan {
  processor: Processor;
  product: string;
  plan: string;
  intervals: Interval[];
}

/** The offer of this deployment. */
export async function currentOffer(find: GetProcessor = getProcessor): Promise<Offer> {
  const connections = await connected(find);
  const sold = (processor: Processor, price: Price) => connections.get(processor)?.sold(price) !== undefined;
  const prices = sellable();
  return {
    processors: [...connections]
      .filter(([processor, { sells }]) => sells && prices.some((price) => sold(processor, price)))
      .map(([processor]) => processor),
    sold,
    intervals: (processor, product) =>
      INTERVALS.filter((interval) =>
        prices.some(
          (price) =>
            price.interval === interval && (product === null || price.product === product) && sold(processor, price),
        ),
      ),
  };
}

/** Every plan that is missing at a configured processor, with its intervals. */
export async function unsoldPlans(find: GetProcessor = getProcessor): Promise<UnsoldPlan[]> {
  const unsold: UnsoldPlan[] = [];
  for (const [processor, { sold }] of await connected(find))
    for (const price of sellable()) {
      if (sold(price) !== undefined) continue;
      const { product, plan, interval } = price;
      const known = unsold.find(
        (each) => each.processor === processor && each.product === product && each.plan === plan,
      );
      if (known) known.intervals.push(interval);
      else unsold.push({ processor, product, plan, intervals: [interval] });
    }
  return unsold;
}

async function connected(find: GetProcessor): Promise<Map<Processor, ProcessorConnection>> {
  const found = await Promise.all(PROCESSORS.map(async (processor) => [processor, await find(processor)] as const));
  return new Map(found.filter((each): each is [Processor, ProcessorConnection] => each[1] !== undefined));
}
