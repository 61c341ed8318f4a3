export { requireSimulation, scenarioList, simulationMode } from "./access";

export { recordedSimulation } from "./recorded";
export { simulationRequest } from "./requests";

export { type Simulation, simulate } from "./simulate";
