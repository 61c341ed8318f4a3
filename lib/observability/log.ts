import pino from "pino";
import { env } from "@/lib/env";
import { requestId } from "./request";

/** Structured logs, a line of JSON each. Secrets never reach them: what could hold one is cut out here. */
export const log = pino({
  level: env().logLevel,
  base: undefined,
  timestamp: pino.stdTimeFunctions.isoTime,
  mixin: () => {
    const id = requestId();
    return id === undefined ? {} : { requestId: id };
  },
  redact: {
    paths: ["*.authorization", "*.cookie", "*.signature", "*.secret", "*.password", "headers", "*.headers"],
    censor: "[redacted]",
  },
});
