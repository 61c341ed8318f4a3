/** The parts that a command uses. Tests pass their own. */
import type { Catalog } from "@/lib/config/catalog";
import type { Env } from "@/lib/core/env";
import type { Gateway } from "@/lib/database";
import type { GetSetupClient, GetSubscriptionList } from "@/lib/processors/setup-registry";
import type { Terminal } from "./terminal";

export type Variables = Readonly<Record<string, string | undefined>>;

export interface Context {
  catalog: Catalog;
  env: Env;
  variables: Variables;
  gateway: Gateway;
  getSetupClient: GetSetupClient;
  getSubscriptionList: GetSubscriptionList;
  terminal: Terminal;
}

/** Exit codes of all commands. */
export const EXIT = { ok: 0, problems: 1, wrongUse: 2 } as const;
export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** A command that cannot run as it was called. */
export class WrongUse extends Error {
  override name = "WrongUse";
}
