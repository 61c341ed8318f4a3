export { ConfirmPage as default, confirmMetadata as metadata } from "tollgate/ui";
