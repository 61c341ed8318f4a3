/** All that one customer has at the played Paddle: plain JSON, instants in milliseconds, amounts in US cents. */
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
  /** A checkout makes the customer of a transaction that named none; until then there is nobody yet. */
  exists: boolean;
  email: string | null;
  name: string | null;
  customData: Record<string, string> | null;
  createdAt: Instant;
  updatedAt: Instant;
  /** What is owed to the customer, and taken by the next charges. */
  balance: number;
  invoices: number;
  /** Of the address; tax depends on it. Absent in accounts of an older version. */
  country?: Country;
}

export interface Card {
  /** The saved payment method. */
  id: string;
  number: CardNumber;
}

export type Status = "active" | "past_due" | "paused" | "canceled";

/** Its items are its own: they are changed in place. */
export interface Subscription extends SubscriptionSpec {
  items: ItemSpec[];
  status: Status;
  /** Months are counted from here. */
  anchor: Instant;
  scheduledChange: SubscriptionSpec["scheduledChange"];
  /** What is charged: each subscription has its own. */
  card: Card;
  /** Lines that wait for the next renewal. */
  pendingLines: LineSpec[];
  /** The discount that the current period was charged with, and unused time is given back with. */
  billedWith?: string | null;
}

export interface Transaction extends TransactionSpec {
  lines: LineSpec[];
  createdAt: Instant;
  billedAt: Instant | null;
  invoiceNumber: string | null;
  checkoutUrl: string | null;
  credit: number;
  creditToBalance: number;
  payments: PaymentSpec[];
  /** When the saved card is charged for it by itself, and how often that has failed. */
  nextAttempt: Instant | null;
  failures: number;
}

export interface Adjustment extends AdjustmentSpec {
  /** When Paddle has looked at a refund. */
  approvesAt: Instant | null;
  /** The chargeback that this one takes back. */
  reverses?: string | null;
}

export interface Portal {
  id: string;
  createdAt: Instant;
}

export interface AccountState {
  /** Part of every id, so that none is another customer's. */
  key: string;
  /** Where the hosted pages are. */
  site: string;
  /** Our user, where the first request said so: the account then begins on their clock. */
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

/** An id that nothing else has, in any account: the world's key and a count, 26 characters like Paddle's. */
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

/** Whose it is by what our server wrote with its key: nobody else writes here. */
export function userIdOf({ owner, customer, transactions }: AccountState): string | null {
  if (owner !== null) return owner;
  const written = [customer.customData, ...transactions.map(({ customData }) => customData ?? null)];
  return written.map((data) => data?.user_id).find(Boolean) ?? null;
}

/** Whether a subscription goes on: it renews, charges and can be changed. */
export function isLive({ status }: Subscription): boolean {
  return status === "active" || status === "past_due";
}
