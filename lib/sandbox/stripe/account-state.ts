/** The state of one customer at the fake Stripe: plain JSON, instants in seconds, amounts in US cents. */
import type { InvoiceSpec, ItemSpec, LineSpec, PriceSpec, SubscriptionSpec } from "../event-builders/stripe/events";
import type { Step } from "../step";
import type { BankNumber, MethodNumber } from "./methods";
import type { Redeemed } from "./money-types";
import { type Money, moneyIds } from "./money-types";

export interface Customer {
  id: string;
  created: number;
  /** False until the payment of a session without a customer, which creates the customer. */
  exists: boolean;
  deleted: boolean;
  email: string | null;
  name: string | null;
  metadata: Record<string, string>;
  /** Negative is a credit. */
  balance: number;
  /** The card of subscriptions without their own. */
  card: string | null;
  invoices: number;
  /** The country of the address, once the customer has given one. */
  country?: string | null;
}

/** A card or a bank account. */
export interface Card {
  id: string;
  created: number;
  number: MethodNumber;
}

/** How Stripe computes prorations and cancellations; chosen when the subscription is created. */
export type BillingMode = NonNullable<SubscriptionSpec["billingMode"]>;

export interface Session {
  id: string;
  created: number;
  expiresAt: number;
  status: "open" | "complete" | "expired";
  items: { price: PriceSpec; quantity: number }[];
  trialEnd: { days: number } | { at: number } | null;
  /** `if_required`: a trial may begin without a card. */
  paymentMethodCollection: "always" | "if_required";
  missingPaymentMethod: "cancel" | "create_invoice" | "pause";
  billingMode: BillingMode;
  /** The debit of the first invoice. */
  debit?: "processing" | "paid" | "failed";
  metadata: Record<string, string>;
  subscriptionMetadata: Record<string, string>;
  clientReferenceId: string | null;
  customerEmail: string | null;
  details: { email: string | null; name: string | null } | null;
  successUrl: string;
  cancelUrl: string | null;
  subscription: string | null;
  invoice: string | null;
  /** The payer may enter a promotion code. */
  allowPromotionCodes?: boolean;
  discounts?: Redeemed[];
  automaticTax?: boolean;
  taxIdCollection?: boolean;
  /** The payer's country, entered on the page. */
  country?: string | null;
}

/** Its items are changed in place, so they are shared with no other object. */
export interface Subscription extends SubscriptionSpec {
  items: ItemSpec[];
  status: NonNullable<SubscriptionSpec["status"]>;
  discounts?: string[];
  billingCycleAnchor: number;
  /** Proration lines that wait for the next invoice. */
  pendingLines: LineSpec[];
  /** `trial_will_end` was emitted. */
  trialEndAnnounced: boolean;
}

export interface Invoice extends InvoiceSpec {
  attemptCount: number;
  /** It pays for its subscription's pending update. */
  forUpdate: boolean;
  /** It pays for the resumption of its subscription: retried until paid, or paid by the caller. */
  resumes?: "on_success" | "on_attempt" | undefined;
  /** The processing debit: its account, and when the bank answers. */
  debit?: { number: BankNumber; answersAt: number } | null;
  /** It was sent, and its due date has passed. */
  overdue?: boolean;
}

export interface Phase {
  start: number;
  end: number;
  items: { price: PriceSpec; quantity: number }[];
  prorationBehavior: "create_prorations" | "none" | "always_invoice";
  /** `phase_start`: the phase begins a new billing cycle. */
  anchor?: "automatic" | "phase_start";
  metadata?: Record<string, string>;
  trialEnd: number | null;
  /** The subscription's discounts from this phase on; an empty list ends them. */
  discounts?: (Omit<Redeemed, "coupon"> & { coupon: string | null; discount: string | null })[];
  automaticTax?: boolean;
}

export interface Schedule {
  id: string;
  created: number;
  subscription: string;
  status: "active" | "released" | "canceled" | "completed";
  endBehavior: "release" | "cancel";
  phases: Phase[];
  metadata: Record<string, string>;
  endedAt: number | null;
}

export interface Portal {
  id: string;
  created: number;
  returnUrl: string | null;
}

export interface AccountState {
  /** Part of every id, so that ids are unique over all customers. */
  key: string;
  /** The address of the hosted pages. */
  site: string;
  /** Our user, if the first request named one: the account then begins on this user's clock. */
  owner: string | null;
  sequence: number;
  customer: Customer;
  cards: Card[];
  sessions: Session[];
  subscriptions: Subscription[];
  invoices: Invoice[];
  schedules: Schedule[];
  portals: Portal[];
  money?: Money;
}

export type StripeStep = Step<AccountState>;

export function newAccountState(key: string, site: string, owner: string | null = null): AccountState {
  return {
    key,
    site,
    owner,
    sequence: 0,
    customer: {
      id: `cus_${key}`,
      created: 0,
      exists: false,
      deleted: false,
      email: null,
      name: null,
      metadata: {},
      balance: 0,
      card: null,
      invoices: 0,
    },
    cards: [],
    sessions: [],
    subscriptions: [],
    invoices: [],
    schedules: [],
    portals: [],
  };
}

/** An id that is unique over all accounts: the state's key and a count. */
export function nextId(state: AccountState, prefix: string): string {
  state.sequence += 1;
  return `${prefix}_${state.key}${state.sequence.toString(36).padStart(4, "0")}`;
}

export function seconds({ now }: StripeStep): number {
  return Math.floor(now / 1000);
}

/** Every id that a request may name. */
export function objectIds(state: AccountState): string[] {
  const { customer, cards, sessions, subscriptions, invoices, schedules, portals } = state;
  const objects = [customer, ...cards, ...sessions, ...subscriptions, ...invoices, ...schedules, ...portals];
  return [...objects.map(({ id }) => id), ...moneyIds(state.money)];
}

/** The user whom our server named; the browser's `client_reference_id` counts only if the server named none. */
export function userIdOf({ owner, customer, sessions, subscriptions }: AccountState): string | null {
  if (owner !== null) return owner;
  const written = [
    customer.metadata,
    ...sessions.flatMap(({ metadata, subscriptionMetadata }) => [subscriptionMetadata, metadata]),
    ...subscriptions.map(({ metadata }) => metadata ?? {}),
  ].map(({ user_id }) => user_id);
  return written.find(Boolean) ?? sessions.find((each) => each.clientReferenceId)?.clientReferenceId ?? null;
}

export function isFlexible({ billingMode }: Pick<Subscription, "billingMode">): boolean {
  return billingMode?.type === "flexible";
}

/** Whether a subscription renews, is charged and can be changed. */
export function isLive({ status }: Subscription): boolean {
  return status === "trialing" || status === "active" || status === "past_due" || status === "unpaid";
}
