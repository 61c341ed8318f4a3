import { gateway } from "@/lib/database";
import { json } from "@/lib/http";

/** Alive when it answers at all; ready when the database does. */
export async function GET() {
  try {
    await gateway().ping();
    return json({ alive: true, ready: true });
  } catch {
    return json({ alive: true, ready: false }, 503, { "retry-after": "2" });
  }
}
