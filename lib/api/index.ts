export { type CatchAll, type Handlers, METHODS, type Method, type Params, type Route, route, serve } from "./route";
export { withUsage } from "./with-usage";
