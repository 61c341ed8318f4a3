import { expect, test } from "vitest";
import { type Handlers, type Route, route, serve } from "./route";

const named =
  (name: string) =>
  async (request: Request, params: object): Promise<Response> =>
    Response.json({ name, method: request.method, params });

const methods =
  (...handlers: (keyof Handlers)[]) =>
  async (): Promise<Handlers> =>
    Object.fromEntries(handlers.map((method) => [method, named(method.toLowerCase())]));

const table: Route[] = [
  route("/parcels", methods("GET", "POST")),
  route("/parcels/sent", async () => ({ GET: named("sent") })),
  route("/parcels/[id]", async () => ({ GET: named("parcel") })),
  route("/parcels/[id]/labels/[label]", async () => ({ DELETE: named("label") })),
  route("/carrier/v1/[...path]", async () => ({ POST: named("carrier") })),
];

async function send(method: keyof ReturnType<typeof serve>, path: string) {
  const segments = path === "" ? undefined : path.split("/").map(decodeURIComponent);
  const response = await serve(table)[method](new Request("http://localhost/", { method }), {
    params: Promise.resolve(segments ? { path: segments } : {}),
  });
  const text = await response.text();
  return { status: response.status, allow: response.headers.get("allow"), body: text === "" ? null : JSON.parse(text) };
}

test.each([
  ["GET", "parcels", { name: "get", method: "GET", params: {} }],
  ["POST", "parcels", { name: "post", method: "POST", params: {} }],
  ["GET", "parcels/sent", { name: "sent", method: "GET", params: {} }],
  ["GET", "parcels/7", { name: "parcel", method: "GET", params: { id: "7" } }],
  ["GET", "parcels/a%2Fb", { name: "parcel", method: "GET", params: { id: "a/b" } }],
  ["DELETE", "parcels/sent/labels/2", { name: "label", method: "DELETE", params: { id: "sent", label: "2" } }],
  ["POST", "carrier/v1/a/b", { name: "carrier", method: "POST", params: {} }],
] as const)("%s %s calls its handler", async (method, path, body) => {
  expect(await send(method, path)).toMatchObject({ status: 200, body });
});

test.each(["", "nothing", "parcels/7/labels", "parcels/7/8", "carrier", "parcels%2Fsent", "__proto__"])(
  "the path %j is 404 for every method",
  async (path) => {
    for (const method of ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"] as const)
      expect(await send(method, path)).toMatchObject({ status: 404, body: { reason: "not_found" } });
  },
);

test("another method is 405 and names the allowed ones", async () => {
  expect(await send("DELETE", "parcels")).toEqual({
    status: 405,
    allow: "GET, HEAD, OPTIONS, POST",
    body: { error: "This path has no DELETE.", reason: "method_not_allowed" },
  });
  expect(await send("GET", "carrier/v1/a")).toMatchObject({ status: 405, allow: "OPTIONS, POST" });
});

test("OPTIONS names the allowed methods", async () => {
  expect(await send("OPTIONS", "parcels/7")).toEqual({ status: 204, allow: "GET, HEAD, OPTIONS", body: null });
});

test("HEAD is answered as GET", async () => {
  const head = new Request("http://localhost/", { method: "HEAD" });
  const response = await serve(table).GET(head, { params: Promise.resolve({ path: ["parcels"] }) });
  expect(await response.json()).toMatchObject({ name: "get" });
});

test("two routes of one path are refused", () => {
  expect(() => serve([...table, route("/parcels", methods("GET"))])).toThrow("Two entries have the path /parcels.");
});
