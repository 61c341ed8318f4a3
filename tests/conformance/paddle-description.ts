/** Validates requests, answers and events by Paddle's OpenAPI description. */
import { Ajv2020, type ErrorObject, type ValidateFunction } from "ajv/dist/2020.js";
import formats from "ajv-formats";
import { parse } from "yaml";
import { type Problem, written } from "./problem";
import type { Exchange } from "./record";

type Json = Record<string, unknown>;
interface Operation {
  parameters?: Parameter[];
  requestBody?: unknown;
  responses: Record<string, unknown>;
}
interface Parameter {
  $ref?: string;
  name: string;
  in: string;
  required?: boolean;
}

const CATALOG_ID = /^(pri|pro)_[a-z]+_[a-z_]+$/;
const ERROR = ["components", "schemas", "error"];
const COMPOSED = ["allOf", "oneOf", "anyOf"] as const;

export class PaddleDescription {
  readonly #document: Json;
  readonly #ajv: Ajv2020;
  readonly #compiled = new Map<string, ValidateFunction>();

  /** @param text the YAML of the description */
  constructor(text: string) {
    this.#document = parse(text, { maxAliasCount: -1 }) as Json;
    requireFields(this.#document);
    sealUses(this.#document);
    this.#ajv = new Ajv2020({ strict: false, allErrors: true, validateFormats: true });
    formats.default(this.#ajv);
    this.#ajv.addSchema({ $id: "paddle", ...this.#document });
  }

  exchange(of: string, { method, url, body, status, answer }: Exchange, base: string): Problem[] {
    const { pathname, searchParams } = new URL(url);
    const path = pathname.slice(new URL(base).pathname.replace(/\/$/, "").length);
    const found = this.#operation(method.toLowerCase(), path);
    if (found === undefined) return [{ of, path: ".", message: `the description has no ${method} ${path}` }];
    const { at, operation } = found;
    const problems = this.#query(of, at, operation, searchParams);
    const request = [...at, "requestBody", "content", "application/json", "schema"];
    if (this.#at(request) !== undefined) problems.push(...this.#check(`${of} request`, request, body ?? {}));
    else if (body !== undefined) problems.push({ of, path: ".", message: "the description has no body" });
    if (status >= 400) return [...problems, ...this.#check(`${of} refusal`, ERROR, answer)];
    const response = [...at, "responses", String(status), "content", "application/json", "schema"];
    if (this.#at(response) !== undefined) problems.push(...this.#check(`${of} answer`, response, answer));
    else problems.push({ of, path: ".", message: `the description has no status ${status}` });
    return problems;
  }

  event(body: unknown): Problem[] {
    const type = String((body as Json).event_type);
    const of = `paddle event ${type}`;
    const at = ["webhooks", type, "post", "requestBody", "content", "application/json", "schema"];
    if (this.#at(at) === undefined) return [{ of, path: ".", message: `the description has no event ${type}` }];
    return this.#check(of, at, body);
  }

  #operation(method: string, path: string): { at: string[]; operation: Operation } | undefined {
    const paths = this.#document.paths as Record<string, Json>;
    for (const [pattern, item] of Object.entries(paths)) {
      const fits = new RegExp(`^${pattern.replaceAll(/\{\w+\}/g, "[^/]+")}$`).test(path);
      const operation = fits && item[method];
      if (operation) return { at: ["paths", pattern, method], operation: operation as Operation };
    }
    return undefined;
  }

  #query(of: string, at: string[], { parameters = [] }: Operation, query: URLSearchParams): Problem[] {
    const known = new Map<string, string[]>();
    for (const [index, parameter] of parameters.entries()) {
      const place = parameter.$ref?.slice(2).split("/") ?? [...at, "parameters", String(index)];
      const { name, in: where } = this.#at(place) as Parameter;
      if (where === "query") known.set(name, place);
    }
    return [...query].flatMap(([name, value]) => {
      const place = known.get(name);
      if (place === undefined) return [{ of: `${of} query`, path: `.${name}`, message: "must NOT be there: unknown" }];
      return this.#check(`${of} query .${name}`, [...place, "schema"], this.#typed(place, value));
    });
  }

  /** Queries are text: lists are separated by commas. */
  #typed(place: string[], value: string): unknown {
    const schema = this.#resolved([...place, "schema"]);
    if (schema.type === "array") return value.split(",");
    if (schema.type === "integer" || schema.type === "number") return Number(value);
    return schema.type === "boolean" ? value === "true" : value;
  }

  #resolved(at: string[]): Json {
    const schema = this.#at(at) as Json;
    return typeof schema.$ref === "string" ? this.#resolved(schema.$ref.slice(2).split("/")) : schema;
  }

  #at(path: readonly string[]): unknown {
    return path.reduce<unknown>((value, key) => {
      const found = (value as Json | undefined)?.[key];
      const ref = (found as Json | undefined)?.$ref;
      const isPart = typeof ref === "string" && /^#\/components\/(responses|parameters|requestBodies)\//.test(ref);
      return isPart ? this.#at(ref.slice(2).split("/")) : found;
    }, this.#document);
  }

  #check(of: string, at: readonly string[], value: unknown): Problem[] {
    const pointer = at.map((key) => encodeURIComponent(key.replaceAll("~", "~0").replaceAll("/", "~1"))).join("/");
    const validate =
      this.#compiled.get(pointer) ?? this.#ajv.compile({ $ref: `paddle#/${pointer}`, unevaluatedProperties: false });
    this.#compiled.set(pointer, validate);
    if (validate(withGivenIds(value))) return [];
    return (validate.errors ?? []).map((error) => ({ of, path: placeOf(error), message: wordsOf(error) }));
  }
}

/**
 * The sandbox's catalog has readable ids of prices and products; Paddle's have 26 letters and digits. These ids alone are
 * rewritten, so that all others are checked.
 */
function withGivenIds(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (_key, each) =>
    typeof each === "string" && CATALOG_ID.test(each)
      ? `${each.slice(0, 4)}${each.slice(4).replaceAll("_", "").padEnd(26, "0")}`
      : each,
  );
}

function placeOf({ instancePath }: ErrorObject): string {
  const keys = instancePath.split("/").slice(1);
  return written(keys.map((key) => (/^\d+$/.test(key) ? Number(key) : key)));
}

function wordsOf({ message, params, keyword }: ErrorObject): string {
  const detail = keyword === "enum" || keyword === "type" || keyword === "const" || /roperties/.test(keyword);
  return `${message}${detail ? ` ${JSON.stringify(params)}` : ""}`;
}

/** Entities, of which Paddle always writes every field that it describes. */
const ENTITIES = [
  "subscription",
  "item-subscription",
  "transaction",
  "transaction_details",
  "transaction_line_item",
  "transaction_totals",
  "transaction_payment_attempt",
  "adjustment",
  "adjustment_totals",
  "customer",
  "address",
  "price",
  "product",
];

/** The description names no field of an entity as required. */
function requireFields({ components, webhooks }: Json): void {
  const { schemas } = components as { schemas: Record<string, Json> };
  for (const name of ENTITIES) requireAll(schemas[name], name);
  for (const event of Object.keys(webhooks as Json)) {
    const [, data] = (schemas[event]?.allOf ?? []) as { properties?: { data?: Json } }[];
    if (data?.properties?.data?.properties !== undefined) requireAll(data.properties.data, event);
  }
}

function requireAll(schema: Json | undefined, name: string): void {
  const parts = [schema, ...((schema?.allOf ?? []) as Json[])].filter((part) => part?.properties !== undefined);
  if (parts.length === 0) throw new Error(`Paddle's description has no fields of ${name}.`);
  for (const part of parts) Object.assign(part as Json, { required: Object.keys(part?.properties as Json) });
}

/**
 * Lets every object refuse unknown fields. A schema is sealed at its use: as the schema of a property, of a list's
 * elements or of a body. The parts of a composed schema stay open, because each knows only its own fields.
 */
function sealUses(node: unknown): void {
  if (typeof node !== "object" || node === null) return;
  const { properties, items } = node as { properties?: Json; items?: unknown };
  for (const schema of [...Object.values(properties ?? {}), items]) seal(schema);
  for (const each of Object.values(node)) sealUses(each);
}

function seal(schema: unknown): void {
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) return;
  const composed = COMPOSED.some((word) => word in schema) || "$ref" in schema;
  const open = "additionalProperties" in schema;
  if (!open && (composed || "properties" in schema)) Object.assign(schema, { unevaluatedProperties: false });
}
