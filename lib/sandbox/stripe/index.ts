export { fakeStripe } from "./fake-stripe";
export { httpClientOver } from "./http";
