/** `tollgate push`: makes products, prices, webhooks and portal settings at the processors as the config says. */
import { PROCESSOR_NAMES, PROCESSORS, type Processor } from "@/lib/config/terms";
import { isLoopbackHost } from "@/lib/core/env-loopback";
import { ProcessorError } from "@/lib/processors/processor-client";
import type { SetupClient } from "@/lib/processors/setup-client";
import { webhookSource } from "@/lib/processors/sources";
import { type Context, EXIT, type ExitCode, WrongUse } from "../context";
import { table } from "../terminal";
import { apply, progressOf } from "./apply";
import { describe, row, type StepDescription } from "./describe";
import { type Desired, desiredOf } from "./desired";
import { type Account, type DesiredEndpoint, type Plan, planOf } from "./plan";

export interface PushOptions {
  dryRun?: boolean;
  live?: boolean;
  yes?: boolean;
  json?: boolean;
}

interface ProcessorPush {
  processor: Processor;
  client: SetupClient;
  account: Account;
  desired: Desired;
  plan: Plan;
  /** Remarks that need a person. */
  notes: string[];
}

interface Report {
  processor: Processor;
  mode: string;
  steps: StepDescription[];
  unchanged: number;
  notes: string[];
  applied: boolean;
  error: string | null;
}

export const WEBHOOK_PATHS: Readonly<Record<Processor, string>> = {
  stripe: "/api/webhook/stripe",
  paddle: "/api/webhook/paddle",
};

const SECRETS = { stripe: "STRIPE_WEBHOOK_SECRET", paddle: "PADDLE_WEBHOOK_SECRET" } as const;

/** @throws WrongUse */
export async function push(context: Context, options: PushOptions): Promise<ExitCode> {
  const { terminal } = context;
  const clients = await setupClients(context, options);
  const reports: Report[] = [];
  const secrets: Record<string, string> = {};
  for (const client of clients) {
    const report: Report = { ...headOf(client), steps: [], unchanged: 0, notes: [], applied: false, error: null };
    reports.push(report);
    try {
      const planned = await prepare(client, context);
      Object.assign(report, { unchanged: planned.plan.unchanged, notes: planned.notes });
      report.steps = planned.plan.steps.map(describe);
      if (!options.json) show(report, context);
      if (!(await mayApply(planned, context, options))) continue;
      await applyAll(planned, context, (secret) => {
        secrets[SECRETS[client.processor]] = secret;
      });
      report.applied = true;
    } catch (error) {
      if (!(error instanceof ProcessorError)) throw error;
      report.error = error.message;
      if (!options.json) terminal.note(`${PROCESSOR_NAMES[client.processor]}: ${error.message}`);
    }
  }
  if (options.json) terminal.write(JSON.stringify({ processors: reports, secrets }, null, 2));
  else showSecrets(secrets, context);
  return reports.every(isDone) || (options.dryRun && reports.every(({ error }) => error === null))
    ? EXIT.ok
    : EXIT.problems;
}

function isDone({ applied, steps, error }: Report): boolean {
  return error === null && (applied || steps.length === 0);
}

function headOf({ processor, mode }: SetupClient) {
  return { processor, mode };
}

/** The processors whose keys are set. */
async function setupClients({ getSetupClient }: Context, { live, dryRun }: PushOptions): Promise<SetupClient[]> {
  const clients: SetupClient[] = [];
  for (const processor of PROCESSORS) {
    const client = await getSetupClient(processor);
    if (client === undefined) continue;
    if (client.mode === "live" && !live && !dryRun)
      throw new WrongUse(
        `The key of ${PROCESSOR_NAMES[processor]} is live: push changes a live account only with --live.`,
      );
    clients.push(client);
  }
  if (clients.length === 0) throw new WrongUse("No key is set: set STRIPE_SECRET_KEY or PADDLE_API_KEY.");
  return clients;
}

/** Reads the account and compares it. */
export async function prepare(client: SetupClient, context: Context): Promise<ProcessorPush> {
  const { catalog, variables, gateway } = context;
  const { processor, mode } = client;
  const desired = desiredOf(catalog, processor, variables);
  const stored = await gateway.listProcessorPrices();
  const own = stored.filter((each) => each.processor === processor && each.mode === mode);
  const productKeys = desired.products.map(({ key }) => key);
  const products = await client.products(productKeys, [...new Set(own.map((each) => each.processorProductId))]);
  const priceKeys = desired.prices.map(({ key }) => key);
  const prices = await client.prices([...new Set(products.map(({ id }) => id))], priceKeys);
  const endpoint = endpointOf(processor, context);
  const account: Account = {
    processor,
    mode,
    products,
    prices,
    endpoints: endpoint === null ? null : await client.endpoints(),
    ...(client.portal && { portal: await client.portal() }),
  };
  const plan = planOf(account, desired, endpoint, stored);
  return { processor, client, account, desired, plan, notes: notesOf(account, desired, endpoint, context) };
}

/** The destination of webhooks; null if the processor cannot reach APP_URL. */
export function endpointOf(processor: Processor, { env }: Pick<Context, "env">): DesiredEndpoint | null {
  const { appUrl } = env;
  if (appUrl === undefined || isLoopbackHost(new URL(appUrl).hostname)) return null;
  return { url: `${appUrl}${WEBHOOK_PATHS[processor]}`, events: webhookSource(processor).eventTypes };
}

function notesOf(
  { processor, endpoints }: Account,
  { byVariable }: Desired,
  endpoint: DesiredEndpoint | null,
  { env }: Context,
): string[] {
  const name = SECRETS[processor];
  const found = endpoints?.find(({ url }) => url === endpoint?.url);
  const known = env[processor].webhookSecrets;
  const isConfigured = found?.secret ? known.includes(found.secret) : known.length > 0;
  return [
    ...byVariable.map(({ variable, ids }) => `${variable} names ${ids.join(", ")}: push leaves this price alone.`),
    ...(endpoint === null ? [`APP_URL is no public address: the webhook endpoint is not managed.`] : []),
    ...(found && !isConfigured ? [`${name} lacks the secret of the webhook endpoint. ${WHERE[processor]}`] : []),
  ];
}

const WHERE: Readonly<Record<Processor, string>> = {
  stripe: "Stripe shows it under Developers › Webhooks › the endpoint › Signing secret.",
  paddle: "Paddle shows it under Developer tools › Notifications › the destination.",
};

function show({ processor, mode, steps, unchanged, notes }: Report, { terminal }: Context): void {
  terminal.write(`${PROCESSOR_NAMES[processor]} (${mode})`);
  for (const line of table(steps.map(row), terminal.isTerminal)) terminal.write(`  ${line}`);
  terminal.write(`  ${steps.length} to do, ${unchanged} unchanged`);
  for (const note of notes) terminal.write(`  ! ${note}`);
}

async function mayApply({ plan, processor }: ProcessorPush, { terminal }: Context, options: PushOptions) {
  if (options.dryRun || plan.steps.length === 0) return false;
  if (options.yes) return true;
  if (await terminal.confirm(`Carry out ${plan.steps.length} steps at ${PROCESSOR_NAMES[processor]}?`)) return true;
  terminal.note("Nothing was changed. Answer y, or pass --yes.");
  return false;
}

/**
 * @param onSecret gets the secret of a new webhook endpoint at once, so that a failure of a later step does not lose it
 * @throws ProcessorError
 */
async function applyAll(
  { client, account, desired, plan, processor }: ProcessorPush,
  context: Context,
  onSecret: (secret: string) => void,
): Promise<void> {
  const { gateway, terminal } = context;
  const stored = await gateway.listProcessorPrices();
  const keys = desired.products.map(({ key }) => key);
  const progress = progressOf(client, account, stored, keys, (rows) => gateway.saveProcessorPrices(rows));
  for (const [index, step] of plan.steps.entries()) {
    terminal.progress(index, plan.steps.length, PROCESSOR_NAMES[processor]);
    const { secret } = await apply(step, progress);
    if (secret) onSecret(secret);
  }
  terminal.note(`${PROCESSOR_NAMES[processor]}: ${plan.steps.length} steps carried out.`);
}

function showSecrets(secrets: Readonly<Record<string, string>>, { terminal }: Context): void {
  const lines = Object.entries(secrets);
  if (lines.length === 0) return;
  terminal.write("Add these lines to the environment. They are not shown again:");
  for (const [name, secret] of lines) terminal.write(`${name}=${secret}`);
}
