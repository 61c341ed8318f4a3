export { BillingPage as default, billingMetadata as metadata } from "tollgate/ui";
