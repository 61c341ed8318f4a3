export { AdminEventPage as default, adminEventMetadata as metadata } from "tollgate/ui";
