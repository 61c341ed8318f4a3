export * from "./catalog";
export { STATUSES } from "./facts";
export { type Reached, reach } from "./processors/reach";
export { rebuildAll } from "./rebuild";
export { MAX_ATTEMPTS } from "./receive";
export { linkCustomer, linkRequest, replay } from "./repair";
export { settleStored } from "./settle";
export { webhookRoute } from "./webhook-route";
