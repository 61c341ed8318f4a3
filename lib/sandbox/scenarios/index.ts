export { requireSimulation, scenarioList, simulationMode } from "./access";

export { auditedSimulation } from "./audited-simulation";
export { simulationRequest } from "./requests";

export { type Simulation, simulate } from "./simulate";
