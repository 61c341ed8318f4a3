export { AdminFrame as default, adminMetadata as generateMetadata } from "tollgate/ui";
