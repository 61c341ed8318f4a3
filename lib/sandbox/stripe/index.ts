export { httpClientOver } from "./http";
export { playedStripe } from "./fake-stripe";
