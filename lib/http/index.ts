export { MAX_BODY, readBody } from "./body";
export { requireSameOrigin } from "./origin";
export { answer, HttpError, json, parse, readJson } from "./respond";
