/** `tollgate/proxy`: security headers and session renewal before a page. */
export { proxy } from "@/lib/server/proxy";
