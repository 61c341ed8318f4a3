/** The table of routes: which function answers which path and method below the API's mount. */
import { json, routerOf } from "@/lib/http";

export const METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE"] as const;
export type Method = (typeof METHODS)[number];

/** The values of a path's parameters, decoded. */
export type Params<Name extends string = string> = Readonly<Record<Name, string>>;

type ParamsOf<Path extends string> = Path extends `${string}[${infer Name}]${infer Rest}`
  ? (Name extends `...${string}` ? never : Name) | ParamsOf<Rest>
  : never;

/** Answers requests of one path, by method. */
export type Handlers<Name extends string = string> = {
  readonly [M in Method]?: (request: Request, params: Params<Name>) => Promise<Response>;
};

export interface Route {
  /** Below the mount: "/usage/consume", "/invoices/[processor]/[id]", or "/files/[...path]" for every path below. */
  path: string;
  /** Loads the code of the route: a process loads only the code that it needs. */
  load: () => Promise<Handlers>;
}

/** One entry of a table. The parameters of the handlers are those that the path names. */
export function route<const Path extends string>(path: Path, load: () => Promise<Handlers<ParamsOf<Path>>>): Route {
  // The router gives a handler exactly the parameters that its path names.
  return { path, load: load as Route["load"] };
}

/** A request's route handler, as Next calls the one of a catch-all segment. */
export type CatchAll = (request: Request, context: { params: Promise<{ path?: string[] }> }) => Promise<Response>;

/**
 * The exports of one catch-all route that serves a table.
 * @param routes with an unknown path the answer is 404, with a wrong method 405, both as JSON
 */
export function serve(routes: readonly Route[]): Record<Method | "OPTIONS", CatchAll> {
  const router = routerOf(routes);
  const handle: CatchAll = async (request, { params }) => {
    const found = router.find((await params).path ?? []);
    if (found === null) return json({ error: "There is nothing here.", reason: "not_found" }, 404);
    const handlers = await found.entry.load();
    // Next calls GET for HEAD too and drops the body.
    const method = request.method === "HEAD" ? "GET" : request.method;
    const handler = METHODS.includes(method as Method) ? handlers[method as Method] : undefined;
    if (handler) return handler(request, found.params);
    const allow = ["OPTIONS", ...(handlers.GET ? ["HEAD"] : []), ...Object.keys(handlers)].sort().join(", ");
    if (method === "OPTIONS") return new Response(null, { status: 204, headers: { allow } });
    return json({ error: `This path has no ${method}.`, reason: "method_not_allowed" }, 405, { allow });
  };
  return { GET: handle, POST: handle, PUT: handle, PATCH: handle, DELETE: handle, OPTIONS: handle };
}
