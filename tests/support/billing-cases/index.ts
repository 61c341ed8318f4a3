/**
 * Billing cases from practice. Each runs twice: through the normalizer and the fold (lib/billing/timeline/cases.test.ts),
 * and over HTTP on the production build (tests/http/cases-billing.test.ts).
 */
import type { BillingCase } from "./case";
import { CHARGE_CASES } from "./charges";
import { PERIOD_CASES } from "./periods";
import { ITEM_CASES } from "./plan-items";

export type { Answer, CaseDriver } from "./case";

export const BILLING_CASES: readonly BillingCase[] = [...ITEM_CASES, ...PERIOD_CASES, ...CHARGE_CASES].sort(
  (a, b) => Number(a.number) - Number(b.number),
);
