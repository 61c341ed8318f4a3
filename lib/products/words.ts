/** Words as the writer counts them: runs of characters between white space. */
export function countWords(text: string): number {
  return text.split(/\s+/).filter(Boolean).length;
}
