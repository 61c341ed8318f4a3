/** The state of one customer at the fake Paddle: plain JSON, instants in milliseconds, amounts in US cents. */
import type { Instant } from "@/lib/billing/types";
import type { CardNumber } from "../cards";
import type {
  AdjustmentSpec,
  ItemSpec,
  LineSpec,
  PaymentSpec,
  SubscriptionSpec,
  TransactionSpec,
} from "../event-builders/paddle/events";
import type { Step } from "../step";
import type { Country } from "./tax";

export interface Customer {
  id: string;
  address: string;
  /** False until the checkout of a transaction without a customer, which creates the customer. */
  exists: boolean;
  email: string | null;
  name: string | null;
  customData: Record<string, string> | null;
  createdAt: Instant;
  updatedAt: Instant;
  /** The customer's credit, which pays the next charges. */
  balance: number;
  invoices: number;
  /** The country of the address, for the tax. Absent in accounts of an older version. */
  country?: Country;
}

export interface Card {
  /** The saved payment method. */
  id: string;
  number: CardNumber;
}

export type Status = "active" | "past_due" | "paused" | "canceled";

/** Its items are changed in place, so they are shared with no other object. */
export interface Subscription extends SubscriptionSpec {
  items: ItemSpec[];
  status: Status;
  /** The instant from which months are counted. */
  anchor: Instant;
  scheduledChange: SubscriptionSpec["scheduledChange"];
  /** Each subscription has its own card. */
  card: Card;
  /** Lines that wait for the next renewal. */
  pendingLines: LineSpec[];
  /** The discount of the current period's charge; a credit for unused time uses it, too. */
  billedWith?: string | null;
}

export interface Transaction extends TransactionSpec {
  lines: LineSpec[];
  createdAt: Instant;
  billedAt: Instant | null;
  invoiceNumber: string | null;
  /** null in states that an earlier release stored. */
  checkoutUrl: string | null;
  credit: number;
  creditToBalance: number;
  payments: PaymentSpec[];
  /** The next automatic charge, and the number of failed ones. */
  nextAttempt: Instant | null;
  failures: number;
}

export interface Adjustment extends AdjustmentSpec {
  /** When Paddle approves a refund. */
  approvesAt: Instant | null;
  /** The chargeback that this adjustment reverses. */
  reverses?: string | null;
}

export interface Portal {
  id: string;
  createdAt: Instant;
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
  subscriptions: Subscription[];
  transactions: Transaction[];
  adjustments: Adjustment[];
  portals: Portal[];
}

export type PaddleStep = Step<AccountState>;

export function newAccountState(key: string, site: string, owner: string | null = null): AccountState {
  return {
    key,
    site,
    owner,
    sequence: 0,
    customer: {
      id: idOf("ctm", key, 0),
      address: idOf("add", key, 0),
      exists: false,
      email: null,
      name: null,
      customData: null,
      createdAt: 0,
      updatedAt: 0,
      balance: 0,
      invoices: 0,
    },
    subscriptions: [],
    transactions: [],
    adjustments: [],
    portals: [],
  };
}

/** An id that is unique over all accounts: the state's key and a count, 26 characters like Paddle's. */
export function nextId(state: AccountState, prefix: string): string {
  state.sequence += 1;
  return idOf(prefix, state.key, state.sequence);
}

function idOf(prefix: string, key: string, count: number): string {
  return `${prefix}_01${key}${count.toString(36).padStart(8, "0")}`;
}

/** Every id that a request may name. */
export function objectIds({ customer, subscriptions, transactions, adjustments, portals }: AccountState): string[] {
  return [customer, ...subscriptions, ...transactions, ...adjustments, ...portals].map(({ id }) => id);
}

/** The user whom our server named with its key. */
export function userIdOf({ owner, customer, transactions }: AccountState): string | null {
  if (owner !== null) return owner;
  const written = [customer.customData, ...transactions.map(({ customData }) => customData ?? null)];
  return written.map((data) => data?.user_id).find(Boolean) ?? null;
}

/** Whether a subscription renews, is charged and can be changed. */
export function isLive({ status }: Subscription): boolean {
  return status === "active" || status === "past_due";
}
