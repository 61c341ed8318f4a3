/** Finds values in code that an installation's config defines: paths of pages and routes, and the brand. */
import { DEFAULT_PATHS } from "@/lib/config/default-paths";

const names = Object.values(DEFAULT_PATHS)
  .map((path) => path.slice(1))
  .filter(Boolean);
/** At the beginning of a text, or behind a value that is no path of the config: `"/billing"`, `${site}/api/…`. */
const PATH = new RegExp(`(?:["'\`]|(?<!\\bpaths(?:\\(\\))?\\.\\w+)\\})/(?:${names.join("|")})(?![\\w-])`);
const BRAND = /Tollgate/;

/** The lines of code, without comments, that name a path or the brand, as `file:line: text`. */
export function linesWithConfigValues(file: string, source: string): string[] {
  return withoutComments(source)
    .split("\n")
    .flatMap((text, index) => (PATH.test(text) || BRAND.test(text) ? [`${file}:${index + 1}: ${text.trim()}`] : []));
}

/** Keeps the line breaks, so that lines keep their numbers. */
function withoutComments(source: string): string {
  return source
    .replace(/\/\*[\s\S]*?\*\//g, (comment) => comment.replace(/[^\n]/g, ""))
    .replace(/(^|\s)\/\/.*$/gm, "$1");
}
