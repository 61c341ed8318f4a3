import { register as start } from "tollgate/instrumentation";
import { USAGE_FUNCTIONS } from "./app/(product)/chatbots/_lib/chatbots-table";
import config from "./tollgate.config";

export { onRequestError } from "tollgate/instrumentation";

export const register = () => start({ config, usageFunctions: USAGE_FUNCTIONS });
