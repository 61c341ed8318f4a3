/** `tollgate/server`: the gate, entitlements and the signed-in user, for routes, pages and server actions. */
export { withUsage } from "@/lib/api";
export { verdictSchema } from "@/lib/billing/schemas/usage-view";
export { DomainError } from "@/lib/core/domain-error";
export { log } from "@/lib/core/observability";
export { line, prose } from "@/lib/core/text";
export { DatabaseError, type Gateway, gateway } from "@/lib/database";
export { entitlementsOf } from "@/lib/entitlements";
export { answer, json, jsonLines, readJson, wantsJsonLines } from "@/lib/http";
export { type CurrentUser, currentUser, requireGateUser, requireUser } from "@/lib/identity";
export { type Charge, gate, gauge, limitError, type Settlement, usageHistory, usageOf } from "@/lib/usage";
