import pino from "pino";
import { env } from "@/lib/env";

/** Structured logs, a line of JSON each. Secrets never reach them: what could hold one is cut out here. */
export const log = pino({
  level: env().logLevel,
  base: undefined,
  timestamp: pino.stdTimeFunctions.isoTime,
  redact: {
    paths: ["*.authorization", "*.cookie", "*.signature", "*.secret", "*.password", "headers", "*.headers"],
    censor: "[redacted]",
  },
});
