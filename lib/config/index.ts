export * from "./catalog";
export type * from "./config-types";
export * from "./current-catalog";
export { defineConfig } from "./define-config";
export * from "./identify";
export * from "./meters";
export * from "./money";
