export * from "./catalog";
export { webhookRoute } from "./webhook-route";
