import { register as start } from "tollgate/instrumentation";
import config from "./tollgate.config";

export { onRequestError } from "tollgate/instrumentation";

export const register = () => start({ config });
