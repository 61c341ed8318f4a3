/** Commands and tests use the reference installation's catalog. */
import { provideCatalog } from "@/lib/config/current-catalog";
import config from "@/tollgate.config";

provideCatalog(config);
