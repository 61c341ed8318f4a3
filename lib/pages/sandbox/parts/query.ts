/** The value of a query parameter; undefined if it is missing or given twice. */
export function one(value: string | string[] | undefined): string | undefined {
  return typeof value === "string" ? value : undefined;
}

export type Query = Promise<Record<string, string | string[] | undefined>>;
