export { isJobName, JOBS } from "./schedule";
export { startScheduler } from "./scheduler";
