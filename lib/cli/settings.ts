/** The settings of a command: `.env` files, the config, and the database. */
import path from "node:path";
import { pathToFileURL } from "node:url";
import nextEnv from "@next/env";
import type { Config } from "@/lib/config";
import { provideConfig } from "@/lib/config/current-catalog";
import { env } from "@/lib/core/env";
import { configuredGateway, provideGateway } from "@/lib/database";
import { getSetupClient, getSubscriptionList } from "@/lib/processors/setup-registry";
import { type Context, WrongUse } from "./context";
import { processTerminal } from "./terminal";

/** The parts that a command uses, for the app in this directory. @throws WrongUse */
export async function openContext(directory = process.cwd()): Promise<Context> {
  nextEnv.loadEnvConfig(directory, process.env.NODE_ENV !== "production", { info: () => {}, error: console.error });
  const catalog = await loadConfig(directory);
  provideConfig(catalog);
  const settings = readSettings();
  provideGateway(() => configuredGateway());
  return {
    catalog,
    env: settings,
    variables: process.env,
    gateway: configuredGateway(),
    getSetupClient,
    getSubscriptionList,
    terminal: processTerminal(),
  };
}

/** The config of the app in this directory. @throws WrongUse */
export async function loadConfig(directory: string): Promise<Config> {
  const file = path.join(directory, "tollgate.config.ts");
  try {
    const loaded = (await import(pathToFileURL(file).href)) as { default: Config };
    return loaded.default;
  } catch (error) {
    throw new WrongUse(`The config ${file} cannot be loaded: ${error instanceof Error ? error.message : error}`);
  }
}

function readSettings() {
  try {
    const settings = env();
    const { database, supabase } = settings;
    if (!database.url && !(supabase.url && supabase.secretKey))
      throw new Error("No database: set DATABASE_URL, or SUPABASE_URL and SUPABASE_SECRET_KEY.");
    return settings;
  } catch (error) {
    throw new WrongUse(error instanceof Error ? error.message : String(error));
  }
}
