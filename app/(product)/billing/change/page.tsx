export { ChangePage as default, changeMetadata as metadata } from "tollgate/ui";
