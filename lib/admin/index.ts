export { onRecord } from "./acts";
export { canBeDismissed, dismissOne, eventStory, listEvents, releaseOf, replayMany, replayOne } from "./events";
export { decisionsOf, type Explained, explain } from "./people";
export { reconcileByHand } from "./reconcile";
export { grantOverride, linkAllByHand, linkByHand, revokeOverride, syncGauge } from "./repair";
export {
  actsQuery,
  decisionQuery,
  eventQuery,
  filled,
  grantRequest,
  OUTCOMES,
  peopleQuery,
  reconcileRequest,
  replayRequest,
  revokeRequest,
  syncRequest,
} from "./requests";
