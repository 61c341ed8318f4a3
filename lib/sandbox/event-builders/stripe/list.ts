/** The number of entries in an embedded list; the list's own address has the rest. */
const EMBEDDED = 10;

/** A list inside an object. `more`: entries beyond `all` exist. */
export function embeddedList<T>(all: readonly T[], url: string, more = false) {
  const data = all.slice(0, EMBEDDED);
  const hasMore = more || all.length > data.length;
  return { object: "list" as const, data, has_more: hasMore, total_count: all.length + (more ? 1 : 0), url };
}
