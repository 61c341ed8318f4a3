import type { Processor } from "@/lib/billing/types";
import { DomainError } from "@/lib/core/domain-error";
import { gateway } from "@/lib/database";
import { answer, CLOSE_CONNECTION, json, requireBody } from "@/lib/http";
import { endpoint } from "@/lib/processors";
import { getProcessor } from "@/lib/processors/registry";
import { clientNetwork } from "@/lib/rate-limit";
import { attachDispute } from "./attach-dispute";
import { invalidSignatureLimit } from "./invalid-signature-limit";
import { receive, refuse } from "./receive";
import { fetchIncomplete } from "./refresh";

const invalidSignatures = invalidSignatureLimit();

/**
 * Makes the route of one processor's webhooks.
 * @param after runs work after the response has been sent
 */
export function webhookRoute(
  processor: Processor,
  after: (work: () => Promise<void>) => void,
): (request: Request) => Promise<Response> {
  return (request) =>
    answer(async () => {
      const configured = endpoint(processor);
      if (configured === undefined) {
        throw new DomainError("unavailable", "not_configured", `No ${processor} webhook secret is set.`);
      }
      const signature = request.headers.get(configured.source.signatureHeader);
      const unsigned = configured.source.refuseHeader(signature);
      if (unsigned !== null) {
        const { status, body } = refuse(processor, unsigned);
        countInvalidSignature(request);
        return json(body, status, CLOSE_CONNECTION);
      }
      const raw = await requireBody(request);
      const { status, body, truncated, unattached } = await receive({ raw, signature }, configured, gateway());
      if (status === 400) countInvalidSignature(request);
      if (truncated) after(() => fetchIncomplete(truncated, getProcessor, gateway()));
      if (unattached) after(() => attachDispute(unattached, getProcessor, gateway()));
      return json(body, status, status === 503 ? { "retry-after": "5" } : {});
    }, request);
}

/** @throws DomainError too_many */
function countInvalidSignature(request: Request): void {
  const wait = invalidSignatures.count(clientNetwork(request), Date.now());
  if (wait === null) return;
  const advice = { retryAfterSeconds: wait };
  throw new DomainError("too_many", "rate_limited", "Too many deliveries without a good signature.", advice);
}
