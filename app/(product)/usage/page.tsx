export { UsagePage as default, usageMetadata as metadata } from "tollgate/ui";
