import pino, { type DestinationStream, type Logger } from "pino";
import { type Env, env } from "../env";
import { redact, redactText } from "./redact";
import { requestId } from "./request";

/** Structured log on standard output, one line of JSON per entry, without secrets. */
export const log: Logger = createLog(env());

/** A log that replaces the secrets of these settings in every text. */
export function createLog(settings: Env, destination?: DestinationStream): Logger {
  const known = secretsOf(settings);
  const options: pino.LoggerOptions = {
    level: settings.logLevel,
    // Undefined leaves out the process and the host; the types of pino allow null only.
    base: undefined as unknown as null,
    timestamp: pino.stdTimeFunctions.isoTime,
    mixin: () => {
      const id = requestId();
      return id === undefined ? {} : { requestId: id };
    },
    formatters: { log: (fields) => redact(fields, known) as Record<string, unknown> },
    hooks: {
      logMethod(inputs, method) {
        const redacted = inputs.map((each) => (typeof each === "string" ? redactText(each, known) : each));
        return method.apply(this, redacted as typeof inputs);
      },
    },
  };
  return destination ? pino(options, destination) : pino(options);
}

/** Without short ones: they would hide ordinary words of the log, and the start refuses them anyway. */
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
