/**
 * `npm run soak`: mixed traffic on the production build while servers are killed and connections are cut, and at the end
 * an independent check of what clients were told.
 *
 *   npm run soak              sixty faults, some minutes
 *   npm run soak -- short     one of each kind that matters most, within a minute: a part of `npm test`
 *   npm run soak -- load      the documents' load lists instead, with their latencies beside a baseline
 *   SOAK_SEED=…               the same choices again; SOAK_FAULTS=200 longer
 *
 * Ends with 1 where anything that was acknowledged is missing or there twice, or a limit was passed.
 */
import "@/scripts/preflight";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { clientOf } from "./client";
import { Told } from "./client-log";
import { faultsOf } from "./faults";
import { type Installation, startInstallation } from "./installation";
import { loadLists } from "./load";
import { type Random, randomOf } from "./random";
import { report } from "./report";
import { startTraffic } from "./traffic";
import { type Finding, verify } from "./verify";

const FAULTS = Number(process.env.SOAK_FAULTS ?? 60);
/** However slow the machine is. */
const MOST_MS = 15 * 60_000;

async function soak(installation: Installation, form: "short" | "long", random: Random): Promise<boolean> {
  const told = new Told();
  const traffic = startTraffic(clientOf(installation.url, told, random.fork("client")), told, random);
  const begun = performance.now();
  const struck = new Map<string, number>();
  await sleep(1_500);
  let left = form === "long" ? FAULTS : Number.POSITIVE_INFINITY;
  for (const fault of faultsOf(form, random.fork("faults"))) {
    if (left <= 0 || performance.now() - begun > MOST_MS) break;
    left -= 1;
    const seconds = ((performance.now() - begun) / 1000).toFixed(1);
    console.log(`${seconds.padStart(6)} s  ${fault.name}`);
    await fault.strike(installation, random);
    struck.set(fault.name, (struck.get(fault.name) ?? 0) + 1);
    await sleep(random.whole(400, 1_600));
  }
  await traffic.end();
  console.log(
    `${((performance.now() - begun) / 1000).toFixed(1).padStart(6)} s  everything asked for has its answer\n`,
  );
  const findings = [ran(told, installation), ...(await verify(installation.postgres.url(), told))];
  return report(told, struck, installation, findings);
}

/** A run without traffic or without cuts would find nothing, whatever is wrong. */
function ran(told: Told, { back, front }: Installation): Finding {
  const happened: [what: string, times: number][] = [
    ["charges allowed", told.charges.filter(({ allowed }) => allowed).length],
    ["charges refused", told.charges.filter(({ allowed }) => !allowed).length],
    ["give-backs", told.charges.filter(({ givenBack }) => givenBack > 0).length],
    ["reservations settled", told.reservations.filter(({ settled }) => settled !== null).length],
    ["chatbots made", told.chatbots.filter(({ id }) => id !== null).length],
    ["subscriptions told to the end", told.subscribers.length],
    ["erasures", told.erasures],
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
  // Kept where something was found: the app's log and the database tell more.
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
const said = form === "load" ? "load: every result is exact" : "soak: nothing lost, nothing twice";
console.log(`\n${clean ? said : `${form}: failed (SOAK_SEED=${seed})`}`);
await stop(clean ? 0 : 1);
