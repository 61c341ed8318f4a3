/** Health and metrics. */
import { answer, json } from "@/lib/http";
import { requireMetricsReader } from "@/lib/identity";
import { health, scrape } from "@/lib/monitoring";

/**
 * `?probe=live` checks the process alone, since a restart does not repair a database. Without it, 503 takes a process
 * that cannot work out of the load balancer.
 */
export function showHealth(request: Request) {
  return answer(async () => {
    if (new URL(request.url).searchParams.get("probe") === "live") return json({ alive: true });
    const found = await health();
    return found.ready ? json(found) : json(found, 503, { "retry-after": "2" });
  }, request);
}

export function showMetrics(request: Request) {
  return answer(async () => {
    requireMetricsReader(request);
    const { contentType, text } = await scrape();
    return new Response(text, { headers: { "content-type": contentType, "cache-control": "no-store" } });
  }, request);
}
