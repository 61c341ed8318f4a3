export { AdminUsersPage as default, adminUsersMetadata as metadata } from "tollgate/ui";
