/** A store of values that expire. A newer revision replaces an older one, never the reverse. */
export interface VersionedStore {
  readonly name: "memory" | "redis";

  /** Changes when the store loses its data. A value read from the database is written only if it has not changed since. */
  generation(): string;

  /**
   * The value, or null if it is missing or expired.
   * @throws if the store cannot be reached
   */
  read(key: string): Promise<string | null>;

  /**
   * Stores a value for `freshMs`, unless a newer revision is known. So a late write never replaces a newer value.
   * @param generation the value of `generation()` before the database was read
   */
  write(key: string, value: string, revision: number, freshMs: number, generation: string): Promise<void>;

  /**
   * From now on no value older than `revision` is read or written. Never throws: an invalidation that cannot be sent now is
   * sent before the next read.
   */
  invalidate(key: string, revision: number): Promise<void>;

  end(): void;
}
