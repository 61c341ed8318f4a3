/** The actions of a simulated history: of the user, of the business, of the processor, and the passing of time. */

export const ACTIONS = [
  "hour",
  "day",
  "tenDays",
  "toPeriodEnd",
  "card",
  "subscribeLow",
  "subscribeHigh",
  "subscribeYearly",
  "subscribeSecond",
  "trial",
  "trialAgain",
  "endTrial",
  "upgradeInvoiced",
  "upgradeProrated",
  "upgradePendingIfIncomplete",
  "upgradeByDebit",
  "downgrade",
  "switchInterval",
  "pause",
  "resume",
  "cancel",
  "cancelProrated",
  "cancelAtPeriodEnd",
  "coupon",
  "restartFull",
  "declinedSwitch",
  "subscribeInvoiced",
  "attemptEarly",
  "trialByBusiness",
  "extendTrial",
  "moveByTrial",
  "collectVoid",
  "collectWaived",
  "collectOn",
  "removeItem",
  "returnItem",
  "truncatedUpdate",
  "changeListing",
  "use",
  "useHalf",
] as const;
export type Action = (typeof ACTIONS)[number];

/** Actions that need no subscription, or begin one. */
type AccountAction =
  | "hour"
  | "day"
  | "tenDays"
  | "toPeriodEnd"
  | "card"
  | "coupon"
  | "use"
  | "useHalf"
  | "subscribeLow"
  | "subscribeHigh"
  | "subscribeYearly"
  | "subscribeSecond"
  | "subscribeInvoiced"
  | "trial"
  | "trialAgain"
  | "trialByBusiness";

export type SubscriptionAction = Exclude<Action, AccountAction>;

/** A processor changes items of the list: an item that has left it has no plan, interval or period to change. */
export const ITEM_CHANGES: ReadonlySet<Action> = new Set<Action>([
  "endTrial",
  "extendTrial",
  "upgradeInvoiced",
  "upgradeProrated",
  "upgradePendingIfIncomplete",
  "upgradeByDebit",
  "downgrade",
  "switchInterval",
  "restartFull",
  "moveByTrial",
]);

/** Paddle neither pauses the collection alone nor truncates item lists, and takes no bank debits. */
const STRIPE_ONLY: readonly Action[] = [
  "collectVoid",
  "collectWaived",
  "collectOn",
  "truncatedUpdate",
  "upgradeByDebit",
];
export const PADDLE_ACTIONS = ACTIONS.filter((action) => !STRIPE_ONLY.includes(action));

/** Upgrades by bank debit and the actions that may come between two of them. */
export const DEBIT_ACTIONS: readonly Action[] = [
  "card",
  "day",
  "tenDays",
  "toPeriodEnd",
  "subscribeLow",
  "upgradeByDebit",
  "upgradeInvoiced",
  "downgrade",
  "switchInterval",
  "cancel",
  "cancelAtPeriodEnd",
];
