/** Configurations that do not start: an incomplete or unsafe production, a sandbox beside signs of production. */
import { priceVariable } from "@/lib/config/catalog";
import { sellable } from "@/lib/config/current-catalog";
import { PROCESSORS } from "@/lib/config/terms";
import { type Env, readEnv } from "@/lib/core/env";
import { liveSigns, sandboxProblems } from "@/lib/core/env-sandbox";
import { secretProblems } from "@/lib/core/env-secrets";

type Variables = Readonly<Record<string, string | undefined>>;

/** Ends the process with every problem listed, if there is one. */
export function refuseToStartMisconfigured(variables: Variables = process.env, argv = process.argv): void {
  const problems = startupProblems(variables, argv);
  if (problems.length === 0) return;
  console.error(
    [
      "Tollgate does not start:",
      ...problems.map((problem) => `  - ${problem}`),
      "See .env.example. To try it without any account: npm run dev",
    ].join("\n"),
  );
  // Not a throw: Next would go on and answer every request with 500.
  process.exit(1);
}

/** `configurationProblems` of variables that may not even parse, and of the server's command line. */
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
 * One line for each problem, naming the variables to set; empty if the app may start. The sandbox needs nothing, and starts
 * on this machine only. A half-configured processor counts: without its secret every webhook would be refused unnoticed.
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

function identityProblems({ identity, clerk }: Env): string[] {
  if (identity !== null && !(identity === "supabase" && (clerk.secretKey || clerk.publishableKey))) return [];
  if (clerk.secretKey && !clerk.publishableKey) return ["CLERK_SECRET_KEY is set, CLERK_PUBLISHABLE_KEY is not."];
  if (clerk.publishableKey && !clerk.secretKey) return ["CLERK_PUBLISHABLE_KEY is set, CLERK_SECRET_KEY is not."];
  return [
    "No identity provider: set CLERK_SECRET_KEY and CLERK_PUBLISHABLE_KEY, " +
      "or SUPABASE_URL and SUPABASE_PUBLISHABLE_KEY.",
  ];
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

/** A fake that is reached with a live key would be believed: it says what was paid. */
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

/** The same id under two prices would make one of two plans out of a payment by chance. */
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
