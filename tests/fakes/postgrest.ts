/**
 * A fake PostgREST: `/rest/v1/rpc/:function` as supabase-js calls it, over a real Postgres.
 *
 * It follows PostgREST's documentation. It logs in as authenticator. In one transaction it takes the role of the key or
 * token, and sets its claims. Postgres converts the body's fields to the function's types (`json_to_record`). Errors
 * have `{code, details, hint, message}` and PostgREST's statuses. It supports neither tables, nor `Prefer`, nor
 * functions that return sets.
 */
import http from "node:http";
import { jwtVerify } from "jose";
import pg from "pg";
import { listen, stop } from "./listen";
import { statusOf } from "./postgrest-status";

export interface FakePostgrest {
  /** The address of the project, as SUPABASE_URL. */
  url: string;
  /** Answers one request, for a server that fakes a whole project. */
  handle: http.RequestListener;
  stop(): Promise<void>;
}

interface Options {
  /** A connection string of the role authenticator. */
  databaseUrl: string;
  /** The role of each API key: Supabase's new keys are no tokens. */
  keys: Readonly<Record<string, string>>;
  /** Verifies HS256 tokens, of users and of the old keys. */
  jwtSecret: string;
  connections?: number;
  /** The schemas that the API serves, the default first. */
  schemas?: readonly string[];
}

interface Claims {
  role: string;
  [claim: string]: unknown;
}

interface FunctionShape {
  names: string[];
  types: string[];
  required: number;
}

/** PostgREST's answer instead of a result. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    message: string,
    readonly details: string | null = null,
    readonly hint: string | null = null,
  ) {
    super(message);
  }
}

export async function startFakePostgrest(options: Options): Promise<FakePostgrest> {
  const pool = new pg.Pool({ connectionString: options.databaseUrl, max: options.connections ?? 16 });
  pool.on("error", () => {});
  const shapes = new Map<string, Promise<FunctionShape[]>>();
  const schemas = options.schemas ?? ["public", "tollgate"];
  const shapesOf = (schema: string, name: string) => {
    const key = `${schema}.${name}`;
    const known = shapes.get(key) ?? readShapes(pool, schema, name);
    shapes.set(key, known);
    return known;
  };

  const handle = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    const send = (status: number, body: string) => {
      response.writeHead(status, { "content-type": "application/json; charset=utf-8" });
      response.end(body);
    };
    try {
      const name = /^\/rest\/v1\/rpc\/([^/?]+)$/.exec(request.url ?? "")?.[1];
      if (name === undefined || request.method !== "POST")
        throw new Refusal(404, "PGRST125", "Invalid path specified in request URL");
      const schema = String(request.headers["content-profile"] ?? schemas[0]);
      if (!schemas.includes(schema))
        throw new Refusal(
          406,
          "PGRST106",
          `Invalid schema: ${schema}`,
          null,
          `Only the following schemas are exposed: ${schemas.join(", ")}`,
        );
      const claims = await claimsOf(request.headers, options);
      const body = (await bodyOf(request)) || "{}";
      const given = Object.keys(JSON.parse(body));
      const shape = choose(`${schema}.${name}`, await shapesOf(schema, name), given);
      send(200, await run(pool, claims, callOf(schema, name, shape, given), body));
    } catch (error) {
      const { status, code, message, details, hint } =
        error instanceof Refusal ? error : new Refusal(500, "PGRSTX00", String(error));
      send(status, JSON.stringify({ code, details, hint, message }));
    }
  };
  const server = http.createServer(handle);
  const port = await listen(server);
  return {
    url: `http://127.0.0.1:${port}`,
    handle,
    stop: async () => {
      await stop(server);
      await pool.end();
    },
  };
}

/** The claims of the user's token, if one was sent beside the key; else the role of the key. */
async function claimsOf(headers: http.IncomingHttpHeaders, { keys, jwtSecret }: Options): Promise<Claims> {
  const apiKey = String(headers.apikey ?? "");
  const bearer = (headers.authorization ?? "").replace(/^Bearer /i, "");
  const role = keys[apiKey];
  if (role !== undefined && (bearer === "" || bearer === apiKey)) return { role };
  const token = bearer || apiKey;
  if (token === "") throw new Refusal(401, "", "No API key found in request");
  try {
    const { payload } = await jwtVerify(token, new TextEncoder().encode(jwtSecret), { algorithms: ["HS256"] });
    return { ...payload, role: String(payload.role ?? "anon") };
  } catch (error) {
    const expired = (error as { code?: string }).code === "ERR_JWT_EXPIRED";
    throw expired ? new Refusal(401, "PGRST303", "JWT expired") : new Refusal(401, "PGRST301", "No suitable key");
  }
}

async function bodyOf(request: http.IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

async function readShapes(pool: pg.Pool, schema: string, name: string): Promise<FunctionShape[]> {
  const { rows } = await pool.query<FunctionShape>(
    `select coalesce(p.proargnames[1:p.pronargs], '{}') as names,
       coalesce((select array_agg(format_type(t.oid, null) order by t.at)
         from unnest(p.proargtypes) with ordinality as t (oid, at)), '{}') as types,
       p.pronargs - p.pronargdefaults as required
     from pg_proc p where p.pronamespace = $1::regnamespace and p.proname = $2`,
    [schema, name],
  );
  return rows;
}

/** A function is chosen by the names of its arguments. */
function choose(qualifiedName: string, shapes: readonly FunctionShape[], given: readonly string[]): FunctionShape {
  const fitting = shapes.filter(
    ({ names, required }) =>
      given.every((each) => names.includes(each)) && names.slice(0, required).every((each) => given.includes(each)),
  );
  const [shape] = fitting;
  if (fitting.length > 1) throw new Refusal(300, "PGRST203", "Could not choose the best candidate function");
  if (shape) return shape;
  const wanted = given.length === 0 ? " without parameters" : `(${given.toSorted().join(", ")})`;
  throw new Refusal(404, "PGRST202", `Could not find the function ${qualifiedName}${wanted} in the schema cache`);
}

function callOf(schema: string, name: string, { names, types }: FunctionShape, given: readonly string[]): string {
  const quote = pg.escapeIdentifier;
  const call = (passed: string) => `to_json(${quote(schema)}.${quote(name)}(${passed}))::text as body`;
  if (given.length === 0) return `select ${call("")}, $1::json is null as unused`;
  const columns = given.map((each) => `${quote(each)} ${types[names.indexOf(each)]}`).join(", ");
  const passed = given.map((each) => `${quote(each)} => sent.${quote(each)}`).join(", ");
  return `select ${call(passed)} from json_to_record($1::json) as sent (${columns})`;
}

/** One transaction per request, in the caller's role. */
async function run(pool: pg.Pool, claims: Claims, call: string, body: string): Promise<string> {
  const client = await pool.connect().catch((error: Error) => {
    throw new Refusal(503, "PGRST000", "Database client error. Retrying the connection.", error.message);
  });
  try {
    await client.query("begin");
    await client.query("select set_config('role', $1, true), set_config('request.jwt.claims', $2, true)", [
      claims.role,
      JSON.stringify(claims),
    ]);
    const { rows } = await client.query<{ body: string | null }>(call, [body]);
    await client.query("commit");
    return rows[0]?.body ?? "null";
  } catch (error) {
    await client.query("rollback").catch(() => {});
    const { code = "XX000", message, detail, hint } = error as pg.DatabaseError;
    throw new Refusal(statusOf(code, claims.role), code, message, detail, hint);
  } finally {
    client.release();
  }
}
