/** The command `tollgate`: `node --import tsx lib/cli/main.ts push`. */
import { run } from "./program";
import { openContext } from "./settings";

process.env.LOG_LEVEL ??= "warn";
process.exitCode = await run(process.argv.slice(2), { open: openContext });
