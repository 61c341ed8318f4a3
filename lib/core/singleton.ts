/**
 * Values that exist once per process. Bundlers and Next's development server load a module more than once, and each copy
 * has its own variables.
 */
const holder = globalThis as typeof globalThis & { tollgateSingletons?: Map<string, unknown> };
holder.tollgateSingletons ??= new Map();
const values = holder.tollgateSingletons;

/**
 * The process's value of that name, created at the first call. If `create` throws, the next call creates it.
 * @param name unique in the code base: the type follows from it
 */
export function singleton<T>(name: string, create: () => T): T {
  if (!values.has(name)) values.set(name, create());
  return values.get(name) as T;
}

/** Replaces the process's value, for tests. */
export function setSingleton(name: string, value: unknown): void {
  values.set(name, value);
}
