export { SignUpPage as default, signUpMetadata as metadata } from "tollgate/ui";
