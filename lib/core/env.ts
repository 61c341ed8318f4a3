/**
 * Every environment variable, parsed once. Code reads it with `env()`. Only the price variables, which the catalog names
 * (`priceLists`), and the variables that scripts pass to Next are read from `process.env`.
 */
import { z } from "zod";
import { isLoopbackHost } from "./env-loopback";

type Variables = Readonly<Record<string, string | undefined>>;

/** The webhook secrets and the service key of the sandbox. They are public, since the sandbox listens on loopback only. */
export const SANDBOX = {
  stripeWebhookSecret: "whsec_tollgate_sandbox",
  paddleWebhookSecret: "pdl_ntfset_tollgate_sandbox",
  usageApiKey: "sandbox-usage-key",
  admin: "admin",
};

const list = z
  .string()
  .default("")
  .transform((value) => [...new Set(value.split(",").map((item) => item.trim()))].filter(Boolean));
const flag = z
  .enum(["0", "1", "true", "false"], { error: "must be 1 or 0" })
  .default("0")
  .transform((value) => value === "1" || value === "true");
const httpUrl = z.url({ protocol: /^https?$/, error: "must be an http(s) URL" });
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/, error: "must be a postgres:// URL" });
const redisUrl = z.url({ protocol: /^rediss?$/, error: "must be a redis:// URL" });
const origin = httpUrl.transform((value) => value.replace(/\/+$/, ""));

/** The address of a fake API. It gets the key, so it must be on this machine. */
const fakeApi = (accepts: (url: URL) => boolean, error: string) =>
  z
    .string()
    .refine((value) => {
      const url = URL.parse(value);
      if (url === null || url.protocol !== "http:" || !isLoopbackHost(url.hostname)) return false;
      return `${url.username}${url.password}${url.search}${url.hash}` === "" && accepts(url);
    }, error)
    .transform((value) => value.replace(/\/+$/, ""))
    .optional();

const wholeNumber = (least: number, most: number) => {
  const error = `must be a whole number from ${least} to ${most}`;
  return z.coerce.number({ error }).int({ error }).min(least, { error }).max(most, { error });
};

const variablesSchema = z.object({
  APP_URL: origin.optional(),
  PORT: z.coerce.number({ error: "must be a port" }).int().min(1).max(65_535).default(3000),
  /** Own proxies in front of the app; with 0 `x-forwarded-for` is ignored. */
  TRUSTED_PROXIES: wholeNumber(0, 10).default(0),
  LOG_LEVEL: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]).default("info"),

  DATABASE_URL: postgresUrl.optional(),
  /** Only `npm run db:migrate` reads it. */
  DATABASE_APP_PASSWORD: z
    .string()
    .regex(/^[\x21-\x7e]{24,200}$/, "must have 24 to 200 printable ASCII characters without spaces")
    .optional(),
  REDIS_URL: redisUrl.optional(),

  SUPABASE_URL: origin.optional(),
  SUPABASE_PUBLISHABLE_KEY: z.string().optional(),
  SUPABASE_SECRET_KEY: z.string().optional(),

  CLERK_SECRET_KEY: z.string().optional(),
  CLERK_PUBLISHABLE_KEY: z.string().optional(),
  /** PEM; `\n` may be written out, as many hosts' forms need it. */
  CLERK_JWT_KEY: z
    .string()
    .transform((value) => value.replaceAll("\\n", "\n"))
    .optional(),
  /** The address of Clerk's Backend API; Clerk's own by default. */
  CLERK_API_URL: origin.optional(),

  STRIPE_SECRET_KEY: z.string().optional(),
  STRIPE_WEBHOOK_SECRET: list,
  /** The connected account whose events are handled; without it, only those of our own account. */
  STRIPE_ACCOUNT: z
    .string()
    .regex(/^acct_\w{1,250}$/, "must be an account id, which begins with acct_")
    .optional(),
  /** A fake of Stripe's API, for tests. Stripe's SDK takes no path. */
  STRIPE_API_BASE: fakeApi(
    ({ pathname }) => pathname === "/",
    "must be an http address of this machine without a path, such as http://127.0.0.1:12111",
  ),
  PADDLE_API_KEY: z.string().optional(),
  /** A fake of Paddle's API, for tests. */
  PADDLE_API_BASE: fakeApi(() => true, "must be an http address of this machine, such as http://127.0.0.1:12112"),
  /** Public: Paddle.js on `/checkout/paddle` is initialized with it. */
  PADDLE_CLIENT_TOKEN: z
    .string()
    .regex(/^(test|live)_[a-zA-Z0-9]{10,200}$/, "must be a client-side token, which begins with test_ or live_")
    .optional(),
  PADDLE_WEBHOOK_SECRET: list,
  PADDLE_ENVIRONMENT: z.enum(["sandbox", "production"]).optional(),

  /** In the normal form of user ids (lib/core/text.ts). */
  ADMIN_USER_IDS: list.transform((ids) => ids.map((id) => id.normalize("NFC"))),
  /** Keys for machines. The sandbox accepts 16 characters; production refuses fewer than 24 (env-secrets.ts). */
  USAGE_API_KEY: z.string().min(16, "must have at least 16 characters").optional(),
  CRON_SECRET: z.string().min(16, "must have at least 16 characters").optional(),
  METRICS_TOKEN: z.string().min(16, "must have at least 16 characters").optional(),
  /** At least 14: a year's chart, and the windows inside a yearly plan, reach back further than a year. */
  LEDGER_MONTHS: wholeNumber(14, 1_200).default(25),
  WEBHOOK_DAYS: wholeNumber(1, 36_500).default(30),
  /** Requests per minute to each processor; Paddle allows 240. */
  RECONCILE_REQUESTS: wholeNumber(10, 100_000).default(200),
  ALLOW_SIMULATION: flag,
  /** Supabase's anonymous users: each new one has a free plan of its own. */
  ALLOW_ANONYMOUS_USERS: flag,

  /** Set by `npm run dev` and `npm run preview`, never by hand. */
  TOLLGATE_SANDBOX: flag,
  TOLLGATE_DATA_DIR: z.string().default(".tollgate"),
  TOLLGATE_LOCAL_SECRET: z.string().min(32, "must have at least 32 characters").optional(),
});

/** Public variables may carry the name under which the provider's own guides set them. */
const OTHER_NAMES: Record<string, string[]> = {
  APP_URL: ["NEXT_PUBLIC_APP_URL"],
  SUPABASE_URL: ["NEXT_PUBLIC_SUPABASE_URL"],
  SUPABASE_PUBLISHABLE_KEY: [
    "NEXT_PUBLIC_SUPABASE_PUBLISHABLE_KEY",
    "NEXT_PUBLIC_SUPABASE_PUBLISHABLE_DEFAULT_KEY",
    "NEXT_PUBLIC_SUPABASE_ANON_KEY",
  ],
  CLERK_PUBLISHABLE_KEY: ["NEXT_PUBLIC_CLERK_PUBLISHABLE_KEY"],
};

/** Every name that is read, with the providers' names and without the catalog's price variables. */
export const VARIABLE_NAMES: readonly string[] = [
  ...Object.keys(variablesSchema.shape),
  ...Object.values(OTHER_NAMES).flat(),
];

export type IdentityProvider = "clerk" | "supabase" | "local";

export type Env = ReturnType<typeof readEnv>;

/** Parses the variables; empty ones count as not set. Throws one error that names every bad variable. */
export function readEnv(variables: Variables) {
  const parsed = variablesSchema.safeParse(withKnownNames(variables));
  if (!parsed.success) {
    const problems = parsed.error.issues.map((issue) => `  ${issue.path.join(".")}: ${issue.message}`);
    throw new Error(`Environment variables that cannot be read:\n${problems.join("\n")}`);
  }
  const read = parsed.data;
  const sandbox = read.TOLLGATE_SANDBOX;
  const inSandbox = <T>(value: T): T | undefined => (sandbox ? value : undefined);
  const supabase = {
    url: read.SUPABASE_URL,
    publishableKey: read.SUPABASE_PUBLISHABLE_KEY,
    secretKey: read.SUPABASE_SECRET_KEY,
  };
  const clerk = {
    secretKey: read.CLERK_SECRET_KEY,
    publishableKey: read.CLERK_PUBLISHABLE_KEY,
    jwtKey: read.CLERK_JWT_KEY,
    apiUrl: read.CLERK_API_URL,
  };
  return {
    sandbox,
    production: !sandbox,
    appUrl: read.APP_URL ?? inSandbox(`http://localhost:${read.PORT}`),
    port: read.PORT,
    trustedProxies: read.TRUSTED_PROXIES,
    dataDirectory: read.TOLLGATE_DATA_DIR,
    database: { url: read.DATABASE_URL, appPassword: read.DATABASE_APP_PASSWORD },
    supabase,
    clerk,
    stripe: {
      secretKey: read.STRIPE_SECRET_KEY,
      webhookSecrets: orElse(read.STRIPE_WEBHOOK_SECRET, inSandbox(SANDBOX.stripeWebhookSecret)),
      account: read.STRIPE_ACCOUNT,
      apiBase: read.STRIPE_API_BASE,
    },
    paddle: {
      apiKey: read.PADDLE_API_KEY,
      clientToken: read.PADDLE_CLIENT_TOKEN,
      webhookSecrets: orElse(read.PADDLE_WEBHOOK_SECRET, inSandbox(SANDBOX.paddleWebhookSecret)),
      apiBase: read.PADDLE_API_BASE,
      environment: read.PADDLE_ENVIRONMENT ?? (sandbox ? ("sandbox" as const) : ("production" as const)),
    },
    adminUserIds: orElse(read.ADMIN_USER_IDS, inSandbox(SANDBOX.admin)),
    usageApiKey: read.USAGE_API_KEY ?? inSandbox(SANDBOX.usageApiKey),
    cronSecret: read.CRON_SECRET,
    metricsToken: read.METRICS_TOKEN,
    ledgerMonths: read.LEDGER_MONTHS,
    webhookDays: read.WEBHOOK_DAYS,
    reconcileRequests: read.RECONCILE_REQUESTS,
    redisUrl: read.REDIS_URL,
    localSecret: read.TOLLGATE_LOCAL_SECRET,
    allowSimulation: read.ALLOW_SIMULATION,
    allowAnonymousUsers: read.ALLOW_ANONYMOUS_USERS,
    logLevel: read.LOG_LEVEL,
    identity: identityProvider(clerk, supabase, sandbox),
  };
}

let current: Env | undefined;

/** The process's own variables, read at the first call. Throws as `readEnv` does. */
export function env(): Env {
  current ??= readEnv(process.env);
  return current;
}

function withKnownNames(variables: Variables): Variables {
  const known: Record<string, string | undefined> = {};
  for (const name of Object.keys(variablesSchema.shape))
    known[name] = [name, ...(OTHER_NAMES[name] ?? [])].map((each) => variables[each]?.trim()).find(Boolean);
  return known;
}

function orElse(values: string[], fallback: string | undefined): string[] {
  return values.length > 0 || fallback === undefined ? values : [fallback];
}

function identityProvider(
  clerk: { secretKey: string | undefined; publishableKey: string | undefined },
  supabase: { url: string | undefined; publishableKey: string | undefined },
  sandbox: boolean,
): IdentityProvider | null {
  if (clerk.secretKey && clerk.publishableKey) return "clerk";
  if (supabase.url && supabase.publishableKey) return "supabase";
  return sandbox ? "local" : null;
}
