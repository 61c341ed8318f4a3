import { gateway } from "@/lib/database";

/** Whether this process can serve requests. It does not check the cache, which the process does not need. */
export async function health(): Promise<{ alive: true; ready: boolean; database: "answers" | "does_not_answer" }> {
  try {
    await gateway().ping();
    return { alive: true, ready: true, database: "answers" };
  } catch {
    return { alive: true, ready: false, database: "does_not_answer" };
  }
}
