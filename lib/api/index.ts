export { type Usage, withUsage } from "./with-usage";
