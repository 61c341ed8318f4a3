/** Billing cases, through the normalizers and the fold. */
import "@/tests/support/reference-installation";
import { describe, test } from "vitest";
import { product as productOf } from "@/lib/config/current-catalog";
import type { Normalized } from "@/lib/processors";
import { type Answer, BILLING_CASES, type CaseDriver } from "@/tests/support/billing-cases";
import { normalized as readPaddle } from "@/tests/support/normalized-paddle";
import { normalized as readStripe } from "@/tests/support/normalized-stripe";
import type { Fact } from "../types";
import { type UsageEntry, usageAt } from "../usage-at";
import { decide, fold } from "./build-timeline";
import { sharedFacts, withoutPlan } from "./plan-items";

type Sold = keyof typeof FIELDS;
const FIELDS = { writer: "words_used", chatbots: "messages_count" } as const;

/** A user with facts and uses as plain data. */
function foldDriver(): CaseDriver {
  const now = Date.now();
  const facts: Record<Sold, Fact[]> = { writer: [], chatbots: [] };
  const uses: UsageEntry[] = [];
  const timelineOf = (product: Sold) => {
    const others = Object.entries(facts).flatMap(([other, known]) => (other === product ? [] : known));
    return fold(productOf(product), [...facts[product], ...sharedFacts(facts[product], others)], now);
  };

  function take(normalized: Normalized): Answer {
    if (normalized.outcome === "ignored" || normalized.outcome === "quarantined") return normalized;
    const own = normalized.outcome === "facts" ? normalized.facts : [];
    const first = normalized.outcome === "unpriced" ? normalized.fact : own[0]?.fact;
    const shared = first && (normalized.outcome === "unpriced" ? first : withoutPlan(first));
    const known = (product: Sold) => facts[product].some((fact) => fact.subscription === first?.subscription);
    const added = (["writer", "chatbots"] as const).flatMap((product) => {
      const fact = own.find((entry) => entry.product === product)?.fact ?? (known(product) ? shared : null);
      return fact ? [{ product, fact }] : [];
    });
    if (added.length === 0) return { outcome: "quarantined", reason: "unknown_price" };
    const decisions = added.map(({ product, fact }) => {
      const before = timelineOf(product);
      facts[product].push(fact);
      const after = timelineOf(product);
      return { decision: decide(before, after, [fact]), reason: after.trace[fact.id] };
    });
    const matters = decisions.some(({ reason }) => reason !== "Payment for another item");
    return matters
      ? { outcome: "applied", decision: decisions[0]?.decision }
      : { outcome: "ignored", reason: "no_plan_line" };
  }

  return {
    userId: "case",
    now,
    stripe: async (event) => take(readStripe(event)),
    paddle: async (event) => take(readPaddle(event)),
    use: async (words) => {
      uses.push({ at: now, field: "words_used", amount: words });
    },
    usage: async (product = "writer") => {
      const field = FIELDS[product];
      const {
        entitlementPeriod: segment,
        used,
        limits,
        remaining,
      } = usageAt(productOf(product), timelineOf(product), uses, now);
      const amounts = [used, limits, remaining].map((each) => each[field] ?? 0) as [number, number, number];
      const [usedNow, limit, left] = amounts;
      return { plan: segment.plan, status: segment.status, used: usedNow, limit, remaining: left };
    },
  };
}

describe.each(BILLING_CASES)("Case $number", ({ name, run }) => {
  test(name, () => run(foldDriver()));
});
