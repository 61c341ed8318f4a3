export { answerApi, type Entrance } from "./http";
export { playedPaddle } from "./played";
export { withPlayedCheckout } from "./played-checkout";
