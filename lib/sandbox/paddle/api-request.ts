/** A parsed request to the fake API, and its answer. */
export interface ApiRequest {
  method: string;
  /** Relative to the API's address. */
  path: string;
  /** The body; the query of a GET. */
  params: Record<string, unknown>;
  /** The API's address, for the link to a list's next page. */
  base: string;
}

export interface ApiAnswer {
  status: number;
  data: unknown;
  pagination?: object;
}
