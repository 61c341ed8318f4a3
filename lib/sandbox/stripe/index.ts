export { httpClientOver } from "./http";
export { playedStripe } from "./played";
