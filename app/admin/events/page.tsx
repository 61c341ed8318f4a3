export { AdminEventsPage as default, adminEventsMetadata as metadata } from "tollgate/ui";
