/** `tollgate check`: examines a deployment, and names each problem with its fix. Changes nothing. */
import { PROCESSORS } from "@/lib/config/terms";
import { isLoopbackHost } from "@/lib/core/env-loopback";
import { configurationProblems } from "@/lib/server/start-problems";
import { configurationWarnings } from "@/lib/server/start-warnings";
import { type Context, EXIT, type ExitCode } from "../context";
import { table } from "../terminal";
import { checkDatabase } from "./database";
import { error, type Finding, ok, warning } from "./finding";
import { checkProcessor } from "./processor";

export async function check(context: Context, { json }: { json?: boolean }): Promise<ExitCode> {
  const findings = await findingsOf(context);
  const errors = findings.filter(({ level }) => level === "error").length;
  if (json) context.terminal.write(JSON.stringify({ findings, errors }, null, 2));
  else show(findings, context);
  return errors === 0 ? EXIT.ok : EXIT.problems;
}

async function findingsOf(context: Context): Promise<Finding[]> {
  const findings = [...settingsFindings(context), addressFinding(context)];
  const database = await checkDatabase(context);
  findings.push(...database);
  // The stored price ids are needed to compare the accounts.
  if (database.some(({ area, level }) => area === "database" && level === "error")) return findings;
  for (const processor of PROCESSORS) {
    const client = await context.getSetupClient(processor);
    if (client !== undefined) findings.push(...(await checkProcessor(client, context)));
  }
  return findings;
}

/** The problems with which the server does not start, and those with which it offers less. */
function settingsFindings({ env, variables }: Context): Finding[] {
  const findings = [
    ...configurationProblems(env, variables).map((text) => error("settings", text, null)),
    ...configurationWarnings(env).map((text) => warning("settings", text, null)),
  ];
  return findings.length > 0 ? findings : [ok("settings", "The environment variables are complete.")];
}

function addressFinding({ env }: Context): Finding {
  const { appUrl } = env;
  const fix = "Set APP_URL to the address that users see, such as https://app.example.com.";
  if (appUrl === undefined) return error("address", "APP_URL is not set.", fix);
  const { protocol, hostname } = new URL(appUrl);
  if (isLoopbackHost(hostname))
    return warning("address", `The processors cannot send webhooks to ${appUrl}: it is this machine.`, fix);
  if (protocol !== "https:") return error("address", `${appUrl} is not https.`, fix);
  return ok("address", `${appUrl} is a public https address.`);
}

function show(findings: readonly Finding[], { terminal }: Context): void {
  const rows = findings.map(({ level, area, text, fix }) => [level, area, text, ...(fix === null ? [] : [`→ ${fix}`])]);
  for (const line of table(rows, terminal.isTerminal)) terminal.write(line);
  const count = (wanted: Finding["level"]) => findings.filter(({ level }) => level === wanted).length;
  terminal.note(`${count("ok")} ok, ${count("warning")} warnings, ${count("error")} errors`);
}
