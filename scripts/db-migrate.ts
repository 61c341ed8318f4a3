import "./preflight";
import { migrate } from "@/lib/database/migrate";
import { withDatabase } from "./database";

await withDatabase(async (url) => {
  const { applied } = await migrate(url);
  console.log(applied.length > 0 ? `Applied: ${applied.join(", ")}` : "Up to date.");
});
