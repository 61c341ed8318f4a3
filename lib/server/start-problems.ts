/** Finds configurations with which the server must not start: an incomplete or unsafe one, or a sandbox with live keys. */
import { priceVariable } from "@/lib/config/catalog";
import { currentConfig, sellable } from "@/lib/config/current-catalog";
import type { IdentityPreset } from "@/lib/config/identify";
import { identityChoice } from "@/lib/config/identity-choice";
import { PROCESSORS } from "@/lib/config/terms";
import { type Env, readEnv } from "@/lib/core/env";
import { liveSigns, sandboxProblems } from "@/lib/core/env-sandbox";
import { secretProblems } from "@/lib/core/env-secrets";

type Variables = Readonly<Record<string, string | undefined>>;

/** If the configuration has problems, lists all of them and ends the process. */
export function exitIfMisconfigured(variables: Variables = process.env, argv = process.argv): void {
  const problems = startupProblems(variables, argv);
  if (problems.length === 0) return;
  console.error(
    [
      "Tollgate does not start:",
      ...problems.map((problem) => `  - ${problem}`),
      "See .env.example. To try it without any account: npm run dev",
    ].join("\n"),
  );
  // After a throw, Next would continue and answer every request with 500.
  process.exit(1);
}

/** The problems of the environment variables, also of those that cannot be parsed, and of the server's command line. */
export function startupProblems(variables: Variables, argv: readonly string[]): string[] {
  let env: Env;
  try {
    env = readEnv(variables);
  } catch (error) {
    return [error instanceof Error ? error.message : String(error)];
  }
  return configurationProblems(env, variables, argv);
}

/**
 * One line per problem, with the variables to set; empty if the app may start. The sandbox needs no variables, and starts on
 * this machine only. A processor without its webhook secret is a problem: every webhook would be refused unnoticed.
 */
export function configurationProblems(env: Env, variables: Variables, argv: readonly string[] = []): string[] {
  if (env.sandbox) return sandboxProblems(env, variables, argv);
  return [
    ...databaseProblems(env),
    ...identityProblems(env),
    ...processorProblems(env),
    ...clientTokenProblems(env),
    ...fakeApiProblems(env),
    ...(env.appUrl ? [] : ["APP_URL is not set: the address that users see, such as https://app.example.com."]),
    ...secretProblems(env),
    ...priceProblems(variables),
  ];
}

function databaseProblems({ database, supabase }: Env): string[] {
  if (database.url || (supabase.url && supabase.secretKey)) return [];
  if (supabase.secretKey) return ["SUPABASE_SECRET_KEY is set, SUPABASE_URL is not."];
  return ["No database: set DATABASE_URL, or SUPABASE_URL and SUPABASE_SECRET_KEY."];
}

function identityProblems(env: Env): string[] {
  const { clerk } = env;
  const { identify } = currentConfig();
  const identity = identityChoice({ identify }, env);
  if (identity === "function") return [];
  if (identify !== null && identity === null) return [missingIdentity(identify as IdentityPreset)];
  if (identify !== null) return [];
  if (identity !== null && !(identity === "supabase" && (clerk.secretKey || clerk.publishableKey))) return [];
  if (clerk.secretKey && !clerk.publishableKey) return ["CLERK_SECRET_KEY is set, CLERK_PUBLISHABLE_KEY is not."];
  if (clerk.publishableKey && !clerk.secretKey) return ["CLERK_PUBLISHABLE_KEY is set, CLERK_SECRET_KEY is not."];
  return [
    "No identity provider: set CLERK_SECRET_KEY and CLERK_PUBLISHABLE_KEY, " +
      "or SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY.",
  ];
}

function missingIdentity({ provider }: IdentityPreset): string {
  if (provider === "local") return "The config's identity is local(), which works in the sandbox only.";
  return provider === "clerk"
    ? "The config's identity is clerk(): set CLERK_SECRET_KEY and CLERK_PUBLISHABLE_KEY."
    : "The config's identity is supabase(): set SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY.";
}

function processorProblems({ stripe, paddle }: Env): string[] {
  const processors = [
    ["STRIPE_SECRET_KEY", Boolean(stripe.secretKey), "STRIPE_WEBHOOK_SECRET", stripe.webhookSecrets.length > 0],
    ["PADDLE_API_KEY", Boolean(paddle.apiKey), "PADDLE_WEBHOOK_SECRET", paddle.webhookSecrets.length > 0],
  ] as const;
  if (!processors.some(([, hasKey, , hasSecret]) => hasKey || hasSecret))
    return [
      "No payment processor: set STRIPE_SECRET_KEY and STRIPE_WEBHOOK_SECRET, " +
        "or PADDLE_API_KEY and PADDLE_WEBHOOK_SECRET.",
    ];
  return processors
    .filter(([, hasKey, , hasSecret]) => hasKey !== hasSecret)
    .map(([key, hasKey, secret]) => (hasKey ? `${key} is set, ${secret} is not.` : `${secret} is set, ${key} is not.`));
}

/** Paddle.js refuses a token of the other environment only when a payer opens the checkout. */
function clientTokenProblems({ paddle: { apiKey, clientToken, environment } }: Env): string[] {
  if (clientToken === undefined) return [];
  if (apiKey === undefined) return ["PADDLE_CLIENT_TOKEN is set, PADDLE_API_KEY is not."];
  const ofToken = clientToken.startsWith("live_") ? "production" : "sandbox";
  if (ofToken === environment) return [];
  return [`PADDLE_CLIENT_TOKEN is for Paddle's ${ofToken}, and PADDLE_ENVIRONMENT is ${environment}.`];
}

/** With a live key, the payments of a fake would count as real. */
function fakeApiProblems(env: Env): string[] {
  const live = liveSigns(env);
  const fakes = [
    ["STRIPE_API_BASE", "STRIPE_", env.stripe.apiBase, env.stripe.secretKey],
    ["PADDLE_API_BASE", "PADDLE_", env.paddle.apiBase, env.paddle.apiKey],
  ] as const;
  return fakes.flatMap(([variable, prefix, address, key]) => {
    if (address === undefined) return [];
    if (key === undefined) return [`${variable} is set, and no key of that processor is.`];
    return live
      .filter((sign) => sign.startsWith(prefix))
      .map((sign) => `${variable} is for tests, and ${sign} is of a live account. Unset one of the two.`);
  });
}

/** If two prices had the same id, the plan of a payment would be arbitrary. */
function priceProblems(variables: Variables): string[] {
  const names = new Map<string, Set<string>>();
  for (const processor of PROCESSORS)
    for (const price of sellable()) {
      const variable = priceVariable(processor, price);
      for (const id of (variables[variable] ?? "").split(",").map((each) => each.trim()))
        if (id) names.set(id, (names.get(id) ?? new Set()).add(variable));
    }
  return [...names]
    .filter(([, variablesOfId]) => variablesOfId.size > 1)
    .map(([id, variablesOfId]) => `The price id ${id} is listed twice: ${[...variablesOfId].join(", ")}.`);
}
