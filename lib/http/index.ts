export { CLOSE_CONNECTION, MAX_BODY_BYTES, readBody, requireBody } from "./body";
export { contentSecurityPolicy } from "./content-security-policy";
export { actionFields, formOf, readForm, seeOther } from "./form";
export { jsonLines, wantsJsonLines } from "./json-lines";
export { requireSameOrigin } from "./origin";
export { isReadablePath, refusePath } from "./path";
export { answer, json, readJson } from "./respond";
export { routerOf } from "./router";
export { requireSandbox } from "./sandbox-only";
