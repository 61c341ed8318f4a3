/** Fails if an import crosses a layer, files import each other, or SQL stands outside lib/database and supabase. */
import "./preflight";
import { checkedSources } from "./checked-sources";
import { importProblems } from "./import-checker";
import { IMPORT_RULES } from "./import-rules";

const problems = importProblems({ ...checkedSources(), rules: IMPORT_RULES });
for (const problem of problems) console.error(problem);
if (problems.length > 0) process.exit(1);
