export * from "./catalog";
export { endpoint } from "./processors";
export { type Receipt, receive } from "./receive";
