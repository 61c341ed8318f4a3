import { answer, json } from "@/lib/http";
import { health } from "@/lib/monitoring";

/**
 * `?probe=live`: answers while the process does, and asks nothing else; a database that is down is no reason to restart
 * it. Without it: also whether the process can do its work now; 503 takes it out of a load balancer.
 */
export function GET(request: Request) {
  return answer(async () => {
    if (new URL(request.url).searchParams.get("probe") === "live") return json({ alive: true });
    const found = await health();
    return found.ready ? json(found) : json(found, 503, { "retry-after": "2" });
  }, request);
}
