import type { ApiAnswer, ApiRequest } from "./api-request";

interface Listed {
  id: string;
  /** Notification settings have none. */
  created_at?: string;
}

const PER_PAGE = 50;

/** The requested page, in the order of creation; `next` is an absolute address, as at Paddle. */
export function pageOf(
  all: readonly Listed[],
  { after, order_by, per_page = PER_PAGE }: { after?: string; order_by?: string; per_page?: number },
  { base, path, params }: ApiRequest,
): ApiAnswer {
  const sorted = all.toSorted((one, other) => order(one).localeCompare(order(other)));
  if (order_by === "id[DESC]") sorted.reverse();
  const from = after === undefined ? 0 : sorted.findIndex(({ id }) => id === after) + 1;
  const data = sorted.slice(from, from + per_page);
  const query = new URLSearchParams({ ...(params as Record<string, string>), after: data.at(-1)?.id ?? after ?? "" });
  return {
    status: 200,
    data,
    pagination: {
      per_page,
      next: `${base}${path}?${query}`,
      has_more: sorted.length > from + per_page,
      estimated_total: all.length,
    },
  };
}

/** Ids are in order within one customer only. */
function order({ created_at = "", id }: Listed): string {
  return `${created_at} ${id}`;
}
