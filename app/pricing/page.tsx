export { PricingPage as default, pricingMetadata as metadata } from "tollgate/ui";
