/** Secrets that production refuses: published ones, short ones, and one value in two places. */
import { type Env, SANDBOX } from "./env";

/** Only the length of these keys stops a search: no route limits the attempts. */
const MIN_MACHINE_KEY = 24;
/** The processors generate these secrets, so a shorter one is incomplete or made up. */
const MIN_WEBHOOK_SECRET = 16;

/** Known to every reader of the source. */
const PUBLISHED: readonly string[] = [SANDBOX.stripeWebhookSecret, SANDBOX.paddleWebhookSecret, SANDBOX.usageApiKey];
const SANDBOX_MARK = /tollgate[_-]sandbox/i;

interface Secret {
  variable: string;
  value: string;
  /** The shortest length that is accepted; not set for keys that only their provider checks. */
  min?: number;
}

/** One line for each problem, with the names of the variables and never a value. */
export function secretProblems(env: Env): string[] {
  const secrets = secretsOf(env);
  return [...new Set([...secrets.flatMap(problemOf), ...equalSecrets(secrets)])];
}

function secretsOf(env: Env): Secret[] {
  const { stripe, paddle, clerk, supabase } = env;
  const machineKey = (variable: string, value?: string) => ({ variable, value, min: MIN_MACHINE_KEY });
  const webhookSecret = (variable: string) => (value: string) => ({ variable, value, min: MIN_WEBHOOK_SECRET });
  return [
    machineKey("USAGE_API_KEY", env.usageApiKey),
    machineKey("CRON_SECRET", env.cronSecret),
    machineKey("METRICS_TOKEN", env.metricsToken),
    ...stripe.webhookSecrets.map(webhookSecret("STRIPE_WEBHOOK_SECRET")),
    ...paddle.webhookSecrets.map(webhookSecret("PADDLE_WEBHOOK_SECRET")),
    { variable: "STRIPE_SECRET_KEY", value: stripe.secretKey },
    { variable: "PADDLE_API_KEY", value: paddle.apiKey },
    { variable: "CLERK_SECRET_KEY", value: clerk.secretKey },
    { variable: "SUPABASE_SECRET_KEY", value: supabase.secretKey },
  ].filter((secret): secret is Secret => secret.value !== undefined);
}

function problemOf({ variable, value, min = 0 }: Secret): string[] {
  if (PUBLISHED.includes(value) || SANDBOX_MARK.test(value))
    return [`${variable} is a secret of the sandbox, which everyone knows. Set one of your own.`];
  return value.length < min ? [`${variable} must have at least ${min} characters: openssl rand -hex 32`] : [];
}

/** A secret that the app checks itself equals no other secret. */
function equalSecrets(secrets: readonly Secret[]): string[] {
  return secrets.flatMap(({ variable, value, min }, index) =>
    secrets
      .slice(index + 1)
      .filter((other) => other.value === value && (min ?? other.min) !== undefined)
      .map((other) => `${variable} and ${other.variable} are equal: each secret needs a value of its own.`),
  );
}
