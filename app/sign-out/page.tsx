export { SignOutPage as default, signOutMetadata as metadata } from "tollgate/ui";
