export {
  dismiss,
  type Linked,
  type LinkRequest,
  link,
  linkList,
  linkRequest,
  replay,
} from "./link-customer";
export { processStoredEvent } from "./process-event";

export { MAX_ATTEMPTS } from "./receive";
export { webhookRoute } from "./webhook-route";
