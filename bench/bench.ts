/**
 * `npm run bench` compares the gate with its alternatives on one embedded Postgres with `synchronous_commit = on`.
 * Machines are shared and noisy. So the ratios to the bare UPDATE of the same round are compared, as medians over
 * interleaved rounds.
 *
 *   npm run bench                 all parts, about a quarter of an hour
 *   npm run bench -- gate         the gate beside a bare UPDATE and other libraries
 *   npm run bench -- http         the consume route beside an empty one
 *   npm run bench -- webhooks     renewals beside an empty route, and with a long history
 *   npm run bench -- one-user     how much one user's load slows another user
 *   npm run bench -- words        the writer's text functions on 200,000 characters
 *   BENCH_ROUNDS=3 BENCH_MS=500   shorter
 *   BENCH_MINUTES=60              the time after which it gives up
 */
import "@/scripts/preflight";
import "./quiet-log";
import "@/scripts/provide-catalog";
import os from "node:os";
import { fail } from "@/scripts/project";
import { gateBench } from "./gate";
import { httpBench } from "./http";
import type { Rounds } from "./load";
import { oneUserBench } from "./one-user";
import { type Run, runParts } from "./run";
import { type Figure, printFigures } from "./targets";
import { webhooksBench } from "./webhooks";
import { wordsBench } from "./words";

const ROUNDS: Rounds = {
  rounds: Number(process.env.BENCH_ROUNDS ?? 7),
  milliseconds: Number(process.env.BENCH_MS ?? 1_500),
};
/** For slow machines; the build is included. */
const MINUTES = Number(process.env.BENCH_MINUTES ?? 40);

type Part = (run: Run, rounds: Rounds) => Promise<Figure[]> | Promise<void> | void;

const parts: Readonly<Record<string, Part>> = {
  gate: gateBench,
  http: httpBench,
  webhooks: webhooksBench,
  "one-user": oneUserBench,
  words: (_run, { rounds }) => wordsBench(rounds),
};

const names = process.argv.slice(2);
const unknown = names.filter((name) => !Object.hasOwn(parts, name));
if (unknown.length > 0) fail(`Unknown: ${unknown.join(", ")}. The parts are ${Object.keys(parts).join(", ")}.`);
console.log(`Node ${process.version}, ${os.availableParallelism()} cores, ${os.cpus()[0]?.model ?? "unknown"}\n`);
const wanted = Object.entries(parts).filter(([name]) => names.length === 0 || names.includes(name));
const figures: Figure[] = [];
const measured = wanted.map(([, part]) => async (run: Run) => {
  figures.push(...((await part(run, ROUNDS)) ?? []));
});
const targets = () => {
  if (figures.length > 0) printFigures("targets: medians of the ratios within each round", figures);
};
await runParts([...measured, targets], { minutes: MINUTES });
