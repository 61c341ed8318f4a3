/** Checks a config when it is loaded, so that a wrong name fails the start and not a customer's request. */
import { configProblems } from "./config-problems";
import type { ConfigInput, ConfigOf } from "./config-types";
import { resolveConfig } from "./resolve-config";

/**
 * The config with its defaults, and with the names of its products, plans and meters as types.
 * @throws Error that names each wrong entry by its path, with the nearest valid name
 */
export function defineConfig<const C extends ConfigInput>(input: C): ConfigOf<C> {
  const problems = configProblems(input);
  if (problems.length > 0) throw new Error(`The config is wrong.\n${problems.join("\n")}`);
  return resolveConfig(input) as ConfigOf<C>;
}
