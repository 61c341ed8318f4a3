export { audited } from "./audit";
export { canBeDismissed, dismissOne, eventDetail, listEvents, releaseOf, replayMany, replayOne } from "./events";
export { reconcileByHand } from "./reconcile";
export { grantOverride, linkAllByHand, linkByHand, requireLinksOf, revokeOverride, syncGauge } from "./repair";
export {
  auditQuery,
  decisionQuery,
  eventQuery,
  grantRequest,
  nonEmptyParameters,
  OUTCOMES,
  reconcileRequest,
  replayRequest,
  revokeRequest,
  syncRequest,
  usersQuery,
} from "./requests";
export { recordedSale } from "./sales";
export { decisionsOf, loadUserDetail } from "./users";
