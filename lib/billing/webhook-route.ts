import { endpoint, receive } from "@/lib/billing";
import type { Processor } from "@/lib/billing/facts";
import { gateway } from "@/lib/database";
import { readBody } from "./body";
import { answer, HttpError, json } from "./respond";

/** The route of one processor's webhooks: raw bytes in, what became of them out. */
export function webhookRoute(processor: Processor): (request: Request) => Promise<Response> {
  return (request) =>
    answer(async () => {
      const configured = endpoint(processor);
      if (configured === undefined)
        throw new HttpError(503, "not_configured", `No ${processor} webhook secret is set.`);
      const raw = await readBody(request);
      if (raw === null) throw new HttpError(413, "too_large", "The body is larger than 1 MiB.");
      const signature = request.headers.get(configured.source.signatureHeader);
      const { status, body } = await receive({ raw, signature }, configured, gateway());
      return json(body, status, status === 503 ? { "retry-after": "5" } : {});
    });
}
