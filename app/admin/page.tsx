export { AdminHealthPage as default, adminHealthMetadata as metadata } from "tollgate/ui";
