export { type Params, type Route, route, serve } from "./route";
export { withUsage } from "./with-usage";
