import pino, { type DestinationStream, type Logger } from "pino";
import { type Env, env } from "@/lib/env";
import { redact, redactText } from "./redact";
import { requestId } from "./request";

/** Structured logs, a line of JSON each, to standard output. Secrets never reach them. */
export const log: Logger = createLog(env());

/** The log of an installation, whose own secrets are cut out wherever they stand. */
export function createLog(settings: Env, destination?: DestinationStream): Logger {
  const known = secretsOf(settings);
  const options: pino.LoggerOptions = {
    level: settings.logLevel,
    base: undefined,
    timestamp: pino.stdTimeFunctions.isoTime,
    // Every line with its request's id.
    mixin: () => {
      const id = requestId();
      return id === undefined ? {} : { requestId: id };
    },
    formatters: { log: (fields) => redact(fields, known) as Record<string, unknown> },
    hooks: {
      logMethod(inputs, method) {
        const said = inputs.map((each) => (typeof each === "string" ? redactText(each, known) : each));
        return method.apply(this, said as typeof inputs);
      },
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Short ones are left: cutting every "key" out of a log would say less, and they are refused at start anyway. */
function secretsOf({ stripe, paddle, clerk, supabase, ...settings }: Env): string[] {
  const databasePassword = settings.database.url && decodeURIComponent(new URL(settings.database.url).password);
  return [
    stripe.secretKey,
    ...stripe.webhookSecrets,
    paddle.apiKey,
    ...paddle.webhookSecrets,
    clerk.secretKey,
    supabase.secretKey,
    settings.usageApiKey,
    settings.cronSecret,
    settings.metricsToken,
    settings.localSecret,
    databasePassword,
  ].filter((secret): secret is string => typeof secret === "string" && secret.length >= 8);
}
