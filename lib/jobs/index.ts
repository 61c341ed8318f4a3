export { type ReconcileReport, reconcileAll } from "./reconcile-all";
export { runExclusively, runJob } from "./run";
export { isJobName, JOBS, type JobName } from "./schedule";
export { startScheduler } from "./scheduler";
