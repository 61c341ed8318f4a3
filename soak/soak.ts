/**
 * `npm run soak`: mixed traffic on the production build while servers are killed and connections are cut. At the end it
 * checks the clients' answers independently.
 *
 *   npm run soak              sixty faults, some minutes
 *   npm run soak -- short     one fault of each important kind, within a minute: a part of `npm test`
 *   npm run soak -- load      the documents' load lists instead, with their latencies beside a baseline
 *   SOAK_SEED=…               the same choices again; SOAK_FAULTS=200 longer
 *
 * Exits with 1 if acknowledged work is missing or stored twice, or a limit was exceeded.
 */
import "@/scripts/preflight";
import "@/scripts/provide-catalog";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { clientOf } from "./client";
import { ClientLog } from "./client-log";
import { faultsOf } from "./faults";
import type { Finding } from "./finding";
import { type Installation, startInstallation } from "./installation";
import { loadLists } from "./load";
import { type Random, randomOf } from "./random";
import { report } from "./report";
import { startTraffic } from "./traffic";
import { verify } from "./verify";

const FAULTS = Number(process.env.SOAK_FAULTS ?? 60);
/** For slow machines. */
const MOST_MS = 15 * 60_000;

async function soak(installation: Installation, form: "short" | "long", random: Random): Promise<boolean> {
  const clientLog = new ClientLog();
  const traffic = startTraffic(clientOf(installation.url, clientLog, random.fork("client")), clientLog, random);
  const begun = performance.now();
  const injected = new Map<string, number>();
  await sleep(1_500);
  let left = form === "long" ? FAULTS : Number.POSITIVE_INFINITY;
  for (const fault of faultsOf(form, random.fork("faults"))) {
    if (left <= 0 || performance.now() - begun > MOST_MS) break;
    left -= 1;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`${seconds.padStart(6)} s  ${fault.name}`);
    await fault.inject(installation, random);
    injected.set(fault.name, (injected.get(fault.name) ?? 0) + 1);
    await sleep(random.whole(400, 1_600));
  }
  await traffic.end();
  console.log(`${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  every request has its answer\n`);
  const findings = [ran(clientLog, installation), ...(await verify(installation.postgres.url(), clientLog))];
  return report(clientLog, injected, installation, findings);
}

/** Without traffic or cuts, the checks would find no violation in any case. */
function ran(clientLog: ClientLog, { back, front }: Installation): Finding {
  const happened: [what: string, times: number][] = [
    ["charges allowed", clientLog.charges.filter(({ allowed }) => allowed).length],
    ["charges refused", clientLog.charges.filter(({ allowed }) => !allowed).length],
    ["give-backs", clientLog.charges.filter(({ givenBack }) => givenBack > 0).length],
    ["reservations settled", clientLog.reservations.filter(({ settled }) => settled !== null).length],
    ["chatbots made", clientLog.chatbots.filter(({ id }) => id !== null).length],
    ["subscriptions complete", clientLog.subscribers.length],
    ["erasures", clientLog.erasures],
    ["connections to the database cut", back.cuts.size],
    ["connections of clients cut", front.cuts.size],
  ];
  return {
    what: "the run itself: each kind of traffic and of cuts",
    checked: happened.length,
    violations: happened.filter(([, times]) => times === 0).map(([what]) => `no ${what}`),
  };
}

const [form = "long"] = process.argv.slice(2);
if (!["long", "short", "load"].includes(form)) {
  console.log("npm run soak -- [short | long | load]");
  process.exit(1);
}
const seed = process.env.SOAK_SEED ?? randomBytes(4).toString("hex");
console.log(form === "load" ? "" : `SOAK_SEED=${seed}\n`);
const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-soak-"));
const installation = await startInstallation(directory);
let clean = false;
const stop = async (code: number) => {
  await installation.stop();
  // Kept if a violation was found: the app's log and the database help to explain it.
  if (clean || code !== 1) rmSync(directory, { recursive: true, force: true });
  else console.log(`\nKept: ${directory}`);
  process.exit(code);
};
for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => void stop(130));
try {
  clean =
    form === "load"
      ? await loadLists(installation)
      : await soak(installation, form as "short" | "long", randomOf(seed));
} catch (error) {
  console.error(error);
}
const summary = form === "load" ? "load: every result is exact" : "soak: nothing lost, nothing twice";
console.log(`\n${clean ? summary : `${form}: failed (SOAK_SEED=${seed})`}`);
await stop(clean ? 0 : 1);
