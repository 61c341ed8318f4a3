/** Compares the table "Files" of a folder's README with the files of the folder. */

/** The table; undefined if the page has none. */
export function tableOf(readme: string): string | undefined {
  return /^## Files\n([^#]*)/m.exec(readme)?.[1];
}

/** Rows without a file, and files without a row. Tests and the index have no row. */
export function tableDifferences(table: string, files: readonly string[]): string[] {
  const listed = [...table.matchAll(/^\| \[([^\]]+)\]\(\1\) \| [^|]+ \|$/gm)].map(([, file = ""]) => file);
  const needed = files.filter((name) => !/\.test\.tsx?$/.test(name) && name !== "index.ts");
  return [
    ...listed.filter((file, index) => !needed.includes(file) || listed.indexOf(file) !== index),
    ...needed.filter((file) => !listed.includes(file)),
  ];
}
