/** `tollgate/instrumentation`: what Next.js calls when the server starts, and for each error. */
export { onRequestError, register } from "@/lib/server/instrumentation";
