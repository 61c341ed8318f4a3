/** How a named Postgres function is called. */
export interface Transport {
  /**
   * Calls `public.<name>` with named arguments and gives its jsonb result. Objects and arrays travel as jsonb, bytes
   * as Postgres' hex text (`\x…`).
   * @throws DatabaseError
   */
  call(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  end(): Promise<void>;
}
