/** A parsed request to the fake API, and its answer. */
export interface ApiRequest {
  method: string;
  /** Below the API's address. */
  path: string;
  /** The body; the query of a GET. */
  params: Record<string, unknown>;
  /** Where the API is reached, for the address of a list's next page. */
  base: string;
}

export interface ApiAnswer {
  status: number;
  data: unknown;
  pagination?: object;
}
