import { serve } from "@/lib/api";
import { ROUTES } from "@/lib/routes";
import { SANDBOX_ROUTES } from "@/lib/sandbox/routes";

/** The handlers of one catch-all route, which serve the whole API. */
export const handlers = serve([...ROUTES, ...SANDBOX_ROUTES]);
