/** The HTTP status that PostgREST gives a SQLSTATE, by its documentation ("Errors"). The first match counts. */
const STATUSES: readonly [code: RegExp, status: number][] = [
  [/^08/, 503],
  [/^(0L|0P|28)/, 403],
  [/^23(503|505)$/, 409],
  [/^25006$/, 405],
  [/^53400$/, 500],
  [/^53/, 503],
  [/^P0001$/, 400],
  [/^(42883|42P01)$/, 404],
  [/^(09|25|2D|38|39|3B|40|54|55|57|58|F0|HV|P0|XX|42P17)/, 500],
];

export function statusOf(sqlstate: string, role: string): number {
  const own = /^PT(\d{3})$/.exec(sqlstate)?.[1];
  if (own) return Number(own);
  if (sqlstate === "42501") return role === "anon" ? 401 : 403;
  return STATUSES.find(([code]) => code.test(sqlstate))?.[1] ?? 400;
}
