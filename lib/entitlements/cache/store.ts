/** Where values are kept for a while, in the order of their revisions. */
export interface VersionedStore {
  readonly name: "memory" | "redis";

  /** Where a fill began: what it read may be written only while this still holds. */
  epoch(): string;

  /**
   * A value that still holds; null where there is none.
   * @throws where the store cannot be asked
   */
  read(key: string): Promise<string | null>;

  /**
   * Keeps a value for `freshMs`, unless something newer than `revision` is known: a late fill never overwrites news.
   * @param epoch as it was before the value was read from the database
   */
  write(key: string, value: string, revision: number, freshMs: number, epoch: string): Promise<void>;

  /**
   * From now on nothing older than `revision` is read or written. Never throws: what a store cannot be told now it is told
   * before it is believed again.
   */
  forget(key: string, revision: number): Promise<void>;

  end(): void;
}
