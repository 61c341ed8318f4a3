/** How a named Postgres function is called. */
export interface Transport {
  /**
   * Calls `public.<name>` with named arguments and gives its jsonb result. Objects and arrays travel as jsonb, bytes
   * as Postgres' hex text (`\x…`).
   * @throws DatabaseError
   */
  call(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** The connections of this process, where the transport keeps any. */
  pool?(): PoolState;
  end(): Promise<void>;
}

/** Connections: `waiting` calls have none yet. */
export interface PoolState {
  total: number;
  idle: number;
  waiting: number;
}
