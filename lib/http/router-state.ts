/**
 * Removes a `next-router-state-tree` header that Next cannot parse. Next would respond with 500, and hides the header from
 * proxy.ts. Without the header Next renders the whole page.
 */
import { z } from "zod";
import { log } from "@/lib/core/observability";
import { onRequestStart } from "./request-start";

const HEADER = "next-router-state-tree";
/** Next's own limit. */
const MAX_LENGTH = 40_000;

/** Watches every HTTP server of this process. Call it once, when the process starts. */
export function dropBrokenRouterState(): void {
  onRequestStart("router-state", ({ request: { headers } }) => {
    if (headers[HEADER] === undefined || isRouterState(String(headers[HEADER]))) return;
    delete headers[HEADER];
    log.info({ header: HEADER }, "Dropped an unreadable header");
  });
}

/** Whether Next can parse the text: the schema of its `flightRouterStateSchema`, or stricter. */
export function isRouterState(text: string): boolean {
  if (text.length > MAX_LENGTH) return false;
  try {
    return tree.safeParse(JSON.parse(decodeURIComponent(text))).success;
  } catch {
    return false;
  }
}

const PARAMETER = /^(c|oc|d|[cd]i\((\.|\.\.|\.\.\.|\.\.\)\(\.\.)\))$/;
const name = z.string();
const segment = z.union([name, z.tuple([name, name, name.regex(PARAMETER), z.array(name).nullable()])]);
const tree: z.ZodType = z.lazy(() =>
  z.tuple([
    segment,
    z.record(name, tree),
    z.tuple([name, name]).nullish(),
    z.enum(["refetch", "inside-shared-layout", "metadata-only"]).nullish(),
    z.number().nullish(),
    name.optional(),
  ]),
);
