export { proxy } from "tollgate/proxy";

/** Every page, and the paths of the API that cannot be decoded. */
export const config = { matcher: ["/((?!api(?:/|$)|_next/static/|icon\\.svg$).*)", "/api/(.*%.*)"] };
