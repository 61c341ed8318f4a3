export { answerApi, type Entrance } from "./http";
export { playedPaddle } from "./fake-paddle";
export { withPlayedCheckout } from "./fake-checkout";
