/** Arguments that are arrays in Postgres; all other arrays are jsonb. */

class SqlArray<T> {
  constructor(readonly values: readonly T[]) {}
}

/** An argument of the type text[], bigint[], …. */
export function sqlArray<T extends string | number>(values: readonly T[]): SqlArray<T> {
  return new SqlArray(values);
}

/** The values of an argument that sqlArray made; undefined for any other. */
export function arrayValues(argument: unknown): readonly unknown[] | undefined {
  return argument instanceof SqlArray ? argument.values : undefined;
}
