export { SignInPage as default, signInMetadata as metadata } from "tollgate/ui";
