/**
 * Checks recorded values by the types of the SDKs. Each value is written as a literal of the SDK's type, and the
 * TypeScript compiler checks the file.
 *
 * Stripe's types are copied with three changes, which make them stricter or fit them to JSON:
 * - `OtherString` (any text beside an enum's values) is nothing: only listed values are accepted;
 * - `Decimal` is text, as it is on the wire;
 * - `Response` is the object without `lastResponse`, which the SDK adds.
 *
 * The compiler does not see some errors:
 * - a property that is optional in the type and is missing;
 * - a property in a union that another member of the union has;
 * - the values of `metadata` and `custom_data`;
 * - formats of texts and ranges of numbers.
 */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { ROOT } from "@/scripts/project";
import { LiteralFile } from "./literal";
import { type Problem, written } from "./problem";

export interface TypedValue {
  /** For the report. */
  of: string;
  type: string;
  value: unknown;
}

const MODULES = path.join(ROOT, "node_modules");
const PADDLE_TYPES = path.join(MODULES, "@paddle/paddle-node-sdk/dist/types/index.cjs.node.d.ts");

/** Each changes one declaration, which must be there. */
const CHANGES: readonly { file: string; from: RegExp; to: string }[] = [
  { file: "shared.d.ts", from: /type OtherString = [^;]+;/, to: "type OtherString = never;" },
  { file: "shared.d.ts", from: /export \{ Decimal \} from [^;]+;/, to: "export type Decimal = string;" },
  { file: "lib.d.ts", from: /type Response<T> = T & \{[\s\S]*?\n\};/, to: "type Response<T> = T;" },
];

const PRELUDE = `
import type Stripe from "stripe";
import type * as paddle from "@paddle/paddle-node-sdk";

type Arguments<Method> = Method extends (...args: infer Args) => unknown ? Args : never;
type Answer<Method> = Method extends (...args: never[]) => infer Result ? Awaited<Result> : never;

type StripeEvent<Type extends string> = Extract<Stripe.Event, { type: Type }>;
/** Of a hash, only the keys that have changed; a list is complete. */
type Changed<T> = T extends readonly unknown[] ? T : T extends object ? { [Key in keyof T]?: Changed<T[Key]> | null } : T;

/** The first parameter of a class of Paddle's SDK is the JSON that it reads. */
type Read<Class> = Class extends new (json: infer Json) => unknown ? Json : never;
/** The SDK's class of errors reads these; it does not name their type. */
type Refusal = ConstructorParameters<typeof paddle.ApiError>[0];
type PaddleEvent<Type extends string> = paddle.IEvents extends infer Each
  ? Each extends { event_type: infer Name extends string }
    ? \`\${Name}\` extends Type
      ? Omit<Each, "event_type"> & { event_type: Type }
      : never
    : never
  : never;
`;

/** Every problem of every value. */
export async function typeProblems(values: readonly TypedValue[]): Promise<Problem[]> {
  const directory = mkdtempSync(path.join(os.tmpdir(), "tollgate-conformance-"));
  try {
    copyStripeTypes(path.join(directory, "stripe"));
    const file = new LiteralFile();
    file.line(PRELUDE);
    for (const [index, { type, value }] of values.entries()) file.declare(index, `value${index}`, type, value);
    writeFileSync(path.join(directory, "recorded.ts"), file.text);
    writeFileSync(path.join(directory, "tsconfig.json"), JSON.stringify(compilerSettings(directory)));
    return problemsOf(await compile(directory), file, values);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function copyStripeTypes(to: string): void {
  mkdirSync(to);
  cpSync(path.join(MODULES, "stripe/esm"), to, {
    recursive: true,
    filter: (from) => !/\.(js|map)$/.test(from),
  });
  for (const { file, from, to: declaration } of CHANGES) {
    const name = path.join(to, file);
    const before = readFileSync(name, "utf8");
    const after = before.replace(from, declaration);
    if (after === before) throw new Error(`Stripe's types have changed: ${file} has no ${from}.`);
    writeFileSync(name, after);
  }
}

function compilerSettings(directory: string) {
  return {
    compilerOptions: {
      target: "ES2023",
      lib: ["ES2023", "dom"],
      module: "esnext",
      moduleResolution: "bundler",
      strict: true,
      exactOptionalPropertyTypes: true,
      noEmit: true,
      skipLibCheck: true,
      noErrorTruncation: false,
      typeRoots: [path.join(MODULES, "@types")],
      types: ["node"],
      paths: {
        stripe: [path.join(directory, "stripe/stripe.esm.node.d.ts")],
        "@paddle/paddle-node-sdk": [PADDLE_TYPES],
      },
    },
    files: ["recorded.ts"],
  };
}

function compile(directory: string): Promise<string> {
  const tsc = path.join(MODULES, "typescript/bin/tsc");
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [tsc, "--project", directory, "--pretty", "false"],
      { cwd: directory, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        // The compiler's status is not 0 if it found something.
        if (error !== null && (typeof error.code !== "number" || stdout === "")) reject(new Error(`${error}${stderr}`));
        else resolve(stdout);
      },
    );
  });
}

function problemsOf(output: string, file: LiteralFile, values: readonly TypedValue[]): Problem[] {
  return output
    .split(/\n(?! )/)
    .filter((each) => each.trim() !== "")
    .map((text) => {
      const [, line, message = text] = /^recorded\.ts\((\d+),\d+\): error TS\d+: ([\s\S]*)$/.exec(text) ?? [];
      const place = line === undefined ? undefined : file.placeOf(Number(line));
      // Not about a value: the compiler or its settings.
      if (place === undefined) throw new Error(`The recorded values cannot be checked: ${text}`);
      const { of } = values[place.owner] as TypedValue;
      return { of, path: written(place.path), message: message.replaceAll(/\s+/g, " ").trim() };
    });
}
