export { type ReconcileReport, reconcileAll } from "./reconcile-all";
export { runExclusively, runJob } from "./run";
export { runDueJobs } from "./run-due";
export { isJobName, JOBS, type JobName } from "./schedule";
export { startScheduler } from "./scheduler";
