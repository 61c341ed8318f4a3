/** Loads the demo data into the database of DATABASE_URL. */
import "./preflight";
import "./provide-catalog";
import { fail } from "./project";

// Not a literal: the file may be missing in a project that removed the demo.
const demo: string = "./demo";

try {
  const { seedDemo } = (await import(demo)) as { seedDemo: (databaseUrl: string) => Promise<void> };
  await seedDemo(process.env.DATABASE_URL ?? fail("DATABASE_URL is not set."));
} catch (error) {
  console.error(error);
  process.exit(1);
}
process.exit(0);
