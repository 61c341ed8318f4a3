export { MAX_BODY, readBody } from "./body";
export { contentSecurityPolicy } from "./content-security-policy";
export { HttpError } from "./http-error";
export { requireSameOrigin } from "./origin";
export { answer, json, parse, readJson } from "./respond";
