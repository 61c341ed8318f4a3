/** For a test in lib that is about the reference installation's tables or names: import this first. */
import { provideConfig } from "@/lib/config/current-catalog";
import reference from "@/tollgate.config";

provideConfig(reference);
