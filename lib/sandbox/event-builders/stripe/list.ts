/** How many entries of a list Stripe writes into the object that has it; the list's own address gives the rest. */
const EMBEDDED = 10;

/** A list inside an object. `more`: entries that are not in `all` follow. */
export function embeddedList<T>(all: readonly T[], url: string, more = false) {
  const data = all.slice(0, EMBEDDED);
  const hasMore = more || all.length > data.length;
  return { object: "list" as const, data, has_more: hasMore, total_count: all.length + (more ? 1 : 0), url };
}
