export {
  dismiss,
  type Linked,
  type LinkRequest,
  link,
  linkCustomer,
  linkList,
  linkRequest,
  replay,
} from "./link-customer";
export { processStoredEvent } from "./process-event";
export { rebuildAll } from "./rebuild";
export { MAX_ATTEMPTS } from "./receive";
export { webhookRoute } from "./webhook-route";
