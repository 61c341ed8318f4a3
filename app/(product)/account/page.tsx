export { AccountPage as default, accountMetadata as metadata } from "tollgate/ui";
