export { AdminFrame as default, adminMetadata as metadata } from "tollgate/ui";
