/** Calls named Postgres functions. */
export interface Transport {
  /**
   * Calls `tollgate.<name>` with named arguments and returns its JSON result. Objects and arrays are sent as jsonb,
   * those of sqlArray as arrays of Postgres, and bytes as Postgres' hex text (`\x…`).
   * @throws DatabaseError
   */
  call(name: string, args: Readonly<Record<string, unknown>>): Promise<unknown>;
  /** This process's connections, if the transport has a pool. */
  pool?(): PoolState;
  end(): Promise<void>;
}

/** Connections; `waiting` calls have none yet. */
export interface PoolState {
  total: number;
  idle: number;
  waiting: number;
}
