export { AdminSimulationPage as default, adminSimulationMetadata as metadata } from "tollgate/ui";
