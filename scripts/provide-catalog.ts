/** Commands and tests use the reference installation's catalog. */
import { provideConfig } from "@/lib/config/current-catalog";
import config from "@/tollgate.config";

provideConfig(config);
