import { answer, json } from "@/lib/http";
import { health } from "@/lib/monitoring";

/**
 * `?probe=live` checks the process alone, since a restart does not repair a database. Without it, 503 takes a process
 * that cannot work out of the load balancer.
 */
export function GET(request: Request) {
  return answer(async () => {
    if (new URL(request.url).searchParams.get("probe") === "live") return json({ alive: true });
    const found = await health();
    return found.ready ? json(found) : json(found, 503, { "retry-after": "2" });
  }, request);
}
