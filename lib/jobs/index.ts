export { type ReconcileReport, reconcileAll } from "./reconcile-all";
export { runExclusively, runJob } from "./run";
export { isJobName, JOBS } from "./schedule";
export { startScheduler } from "./scheduler";
