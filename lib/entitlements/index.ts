export { entitlementsOf } from "./read";
