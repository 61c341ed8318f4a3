export { requireSimulation, scenarioList, simulationMode } from "./access";
export type { Check } from "./judge";
export { recordedSimulation } from "./recorded";
export { type SimulationRequest, simulationRequest } from "./requests";
export { SCENARIO_IDS, SCENARIOS, type ScenarioId } from "./scenarios";
export { type Simulation, simulate } from "./simulate";
