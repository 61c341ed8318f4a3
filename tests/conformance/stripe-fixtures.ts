/** Compares the keys of Stripe's objects, and of the objects within them, with Stripe's example objects. */
import { type Path, type Problem, written } from "./problem";

type Json = Record<string, unknown>;

export interface Fixtures {
  /** By the name in `object`, with `deleted_` before those of deleted objects. */
  resources: Record<string, Json>;
}

export function fixtureProblems(value: unknown, { resources }: Fixtures): Problem[] {
  return objectsIn(value).flatMap(({ path, object }) => {
    const name = `${object.deleted === true ? "deleted_" : ""}${object.object}`;
    if (object.object === "list") return [];
    const example = resources[name];
    const problem = (key: string, message: string): Problem => ({
      of: `stripe ${name}`,
      path: written([...path, key]),
      message,
    });
    if (example === undefined) return [problem("object", "Stripe has no example of this object")];
    const missing = Object.keys(example).filter((key) => !(key in object));
    const unknown = Object.keys(object).filter((key) => !(key in example));
    return [
      ...missing.map((key) => problem(key, "is missing")),
      ...unknown.map((key) => problem(key, "is not in Stripe's example")),
    ];
  });
}

function objectsIn(value: unknown, path: Path = []): { path: Path; object: Json }[] {
  if (typeof value !== "object" || value === null) return [];
  const within = Object.entries(value).flatMap(([key, each]) =>
    objectsIn(each, [...path, Array.isArray(value) ? Number(key) : key]),
  );
  const isObject = "object" in value && typeof value.object === "string";
  return isObject ? [{ path, object: value as Json }, ...within] : within;
}
