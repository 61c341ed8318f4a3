export { AdminUserPage as default, adminUserMetadata as metadata } from "tollgate/ui";
