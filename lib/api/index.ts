export { withUsage } from "./with-usage";
