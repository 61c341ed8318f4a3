/** Checks of one processor: its key, prices, webhook endpoint and portal, as `push` would make them. */
import { PROCESSOR_NAMES } from "@/lib/config/terms";
import { ProcessorError } from "@/lib/processors/processor-client";
import type { SetupClient } from "@/lib/processors/setup-client";
import type { Context } from "../context";
import { describe } from "../push/describe";
import type { DesiredPrice } from "../push/desired";
import { amountOf, type Step } from "../push/plan";
import { prepare } from "../push/push";
import { clockFinding } from "./database";
import { error, type Finding, ok, warning } from "./finding";

const PUSH = "tollgate push";

export async function checkProcessor(client: SetupClient, context: Context): Promise<Finding[]> {
  const name = PROCESSOR_NAMES[client.processor];
  try {
    const { plan, desired, notes, account } = await prepare(client, context);
    const findings = [ok("key", `${name} accepts the key, which is for ${client.mode} mode.`)];
    findings.push(...plan.steps.map((step) => findingOf(step, name)));
    for (const price of desired.byVariable) findings.push(await checkVariable(price, client));
    const has = (area: Finding["area"]) => findings.some((each) => each.area === area);
    if (!has("price")) findings.push(ok("price", `${name} has all ${desired.prices.length} prices of the config.`));
    if (!has("webhook") && account.endpoints !== null)
      findings.push(ok("webhook", `${name} has the webhook endpoint, with the handled event types.`));
    if (!has("portal") && account.portal) findings.push(ok("portal", `${name}'s customer portal has its settings.`));
    for (const note of notes.filter((each) => /secret/.test(each))) findings.push(error("webhook", note, null));
    const time = client.time();
    if (time !== null) findings.push(clockFinding(name, time));
    return findings;
  } catch (cause) {
    if (!(cause instanceof ProcessorError)) throw cause;
    const fix = cause.code === "missing_permission" ? "Give the key this permission (docs/commands.md)." : null;
    return [error("key", `${name}: ${cause.message}`, fix)];
  }
}

/** What `push` would do is what is wrong. */
function findingOf(step: Step, name: string): Finding {
  const { object, name: what, detail } = describe(step);
  switch (step.do) {
    case "create_product":
      return error("price", `${name} lacks the product ${what}.`, PUSH);
    case "create_price":
      return error("price", `${name} lacks the price ${what}: ${detail}.`, PUSH);
    case "store_prices":
      return error("price", `The database lacks the ids of ${what}: ${detail}.`, PUSH);
    case "archive_price":
      return warning("price", `${name} has a surplus price of ${what}. ${detail}.`, PUSH);
    case "create_endpoint":
      return error("webhook", `${name} has no webhook endpoint ${what}.`, PUSH);
    case "save_portal":
      return step.id === null
        ? error("portal", `${name}'s customer portal is not activated.`, PUSH)
        : warning("portal", `${name}'s customer portal: ${detail}.`, PUSH);
    default: {
      const area = object === "product" || object === "price" ? "price" : object;
      return error(area, `${name}: ${object} ${what}: ${detail}.`, PUSH);
    }
  }
}

/** A price whose id an environment variable names. */
async function checkVariable(
  { variable, ids, ...wanted }: DesiredPrice & { variable: string; ids: string[] },
  client: SetupClient,
): Promise<Finding> {
  const sold = ids[0] as string;
  const found = await client.price(sold);
  const name = PROCESSOR_NAMES[client.processor];
  if (found === null) return error("price", `${variable}: ${name} has no price ${sold}.`, "Correct the variable.");
  if (!found.active)
    return error("price", `${variable}: the price ${sold} is archived.`, "Name an active price first.");
  if (found.amount !== wanted.amount || found.currency !== wanted.currency || found.interval !== wanted.interval) {
    const text = `${variable}: ${sold} costs ${amountOf(found)} ${found.interval ?? "at another interval"}`;
    return error("price", `${text}; the config says ${amountOf(wanted)} ${wanted.interval}.`, "Correct one of both.");
  }
  return ok("price", `${variable}: ${sold} exists and has the config's amount.`);
}
