import pino, { type LoggerOptions } from "pino";
import { env } from "@/lib/env";
import { requestId } from "./request";

/** A line of JSON each, with its request's id. Secrets never reach it: what could hold one is cut out here. */
export const logOptions: LoggerOptions = {
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
};

/** Structured logs, to the process's output. */
export const log = pino({ ...logOptions, level: env().logLevel });
