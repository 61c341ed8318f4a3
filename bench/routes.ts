/** Requests of a load, and the empty route beside which others are measured. */
import type http from "node:http";
import type { Client } from "./client";

export interface Route {
  name: string;
  path: string;
  body: (turn: number) => string;
  headers?: Readonly<Record<string, string>>;
  status: number;
}

/** The handler that answers 404 for an unknown path under /api. */
export const EMPTY: Route = { name: "empty handler", path: "/api/nothing", body: () => "{}", status: 404 };

/** Throws if the answer has another status. */
export async function post({ send }: Client, agent: http.Agent, route: Route, turn: number): Promise<void> {
  const { path, body, headers = {} } = route;
  const { status } = await send(agent, { method: "POST", path, body: body(turn), headers });
  if (status !== route.status) throw new Error(`${path} answered ${status}`);
}
