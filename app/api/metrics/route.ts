import { answer } from "@/lib/http";
import { requireMetricsReader } from "@/lib/identity";
import { scrape } from "@/lib/monitoring";

export function GET(request: Request) {
  return answer(async () => {
    requireMetricsReader(request);
    const { contentType, text } = await scrape();
    return new Response(text, { headers: { "content-type": contentType, "cache-control": "no-store" } });
  }, request);
}
