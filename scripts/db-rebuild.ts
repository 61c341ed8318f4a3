/**
 * Computes every user's timeline, windows and counters again from facts and ledger, and reports differences from the
 * stored ones. `npm run db:rebuild -- --repair` stores the rebuilt ones. Exits with 1 if a difference stays.
 */
import "./preflight";
import "./provide-catalog";
import { createGateway } from "@/lib/database/gateway";
import { postgresTransport } from "@/lib/database/transports/postgres";
import { rebuildAll } from "@/lib/webhooks/rebuild";
import { withDatabase } from "./database/configured";

const repair = process.argv.includes("--repair");

await withDatabase(async (url) => {
  const gateway = createGateway(postgresTransport(url));
  let compared = 0;
  let different = 0;
  try {
    for await (const { userId, product, differences } of rebuildAll(gateway, { repair })) {
      compared += 1;
      if (differences.length === 0) continue;
      different += 1;
      console.log(`${userId} ${product}`);
      for (const { part, stored, rebuilt } of differences) {
        console.log(`  ${part}\n    stored:  ${JSON.stringify(stored)}\n    rebuilt: ${JSON.stringify(rebuilt)}`);
      }
    }
  } finally {
    await gateway.end();
  }
  console.log(`db:rebuild: ${compared} compared, ${different} different${different && repair ? ", repaired" : ""}`);
  if (different > 0 && !repair) process.exitCode = 1;
});
