export { withFakeCheckout } from "./fake-checkout";
export { fakePaddle } from "./fake-paddle";
export { answerApi, type Connection } from "./http";
