export { InvoicesPage as default, invoicesMetadata as metadata } from "tollgate/ui";
