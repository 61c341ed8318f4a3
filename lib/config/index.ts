export * from "./catalog";
export * from "./current-catalog";
export { defineConfig } from "./define-config";
