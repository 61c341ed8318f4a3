import { handlers } from "tollgate/next";

/** The whole API of Tollgate. The routes of this app's own products are beside it. */
export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = handlers;
