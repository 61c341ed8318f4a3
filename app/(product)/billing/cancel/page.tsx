export { CancelPage as default, cancelMetadata as metadata } from "tollgate/ui";
