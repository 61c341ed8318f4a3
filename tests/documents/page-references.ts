/** Finds links and paths in a page that lead to no file. */
import path from "node:path";

const LINK = /\]\((?!https?:|mailto:|#)([^)#\s]+)/g;
const CODE_BLOCK = /^ *```[\s\S]*?^ *```$/gm;
const LINK_TEXT = /\[[^\]]*\](?=\()/g;
const FILE = /^[\w.@()[\]*/-]+\.(ts|tsx|mts|mjs|sql|md|json|ya?ml|toml|css)$/;
const FOLDER = /^(app|bench|docs|e2e|lib|ops|scripts|soak|supabase|tests)\/[\w.@()[\]*/-]*$/;

/**
 * A path in a page begins at the root or at the page's folder, and may contain `*`. A name without a folder is the name of any file.
 * @param files every file of the repository, by its path
 */
export function missingReferences(page: string, text: string, files: readonly string[]): string[] {
  const exists = existence([...files, ...files.flatMap(foldersAbove)]);
  const isName = existence(files.map((file) => path.basename(file)));
  const links = [...text.matchAll(LINK)].map(([, link = ""]) => link);
  const quoted = [
    ...text
      .replaceAll(CODE_BLOCK, "")
      .replaceAll(LINK_TEXT, "")
      .matchAll(/`([^`\n]+)`/g),
  ].map(([, code = ""]) => code);
  const paths = quoted.filter((code) => FILE.test(code) || FOLDER.test(code));
  return [
    ...links.filter((link) => !exists(path.join(path.dirname(page), link))),
    ...paths.filter((each) => ![each, path.join(path.dirname(page), each)].some(exists) && !isName(each)),
  ];
}

/**
 * Links to a heading that the target page does not have.
 * @param read the text of a page; undefined if there is none
 */
export function missingHeadings(page: string, text: string, read: (page: string) => string | undefined): string[] {
  const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)#([^)\s]+)\)/g)];
  return links
    .filter(([, file = "", heading = ""]) => {
      const target = file === "" ? text : read(path.join(path.dirname(page), file));
      return target !== undefined && !headingsOf(target).includes(heading);
    })
    .map(([, file = "", heading = ""]) => `${file}#${heading}`);
}

/** The names that GitHub gives to the headings of a page. */
function headingsOf(text: string): string[] {
  return [...text.replaceAll(CODE_BLOCK, "").matchAll(/^#+ (.*)$/gm)].map(([, heading = ""]) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\w\s-]/g, "")
      .replaceAll(" ", "-"),
  );
}

function existence(known: readonly string[]): (target: string) => boolean {
  const names = new Set(known);
  return (target) => {
    const wanted = target.replace(/\/$/, "");
    if (!wanted.includes("*")) return wanted === "." || names.has(wanted);
    const parts = wanted.split("*").map((part) => part.replace(/[.()[\]]/g, "\\$&"));
    const pattern = new RegExp(`^${parts.join("[^/]*")}$`);
    return known.some((each) => pattern.test(each));
  };
}

function foldersAbove(file: string): string[] {
  const folder = path.dirname(file);
  return folder === "." ? [] : [folder, ...foldersAbove(folder)];
}
