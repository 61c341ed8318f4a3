/** Reference product 2: rewrites text by simple local rules. Counted are its words and the transformation itself. */
import { z } from "zod";
import type { Charge } from "@/lib/usage";
import { countWords } from "./words";

export const transformRequest = z.strictObject({
  text: z.string().trim().min(1, { error: "is empty" }).max(200_000, { error: "is longer than 200,000 characters" }),
  style: z.enum(["plain", "formal", "friendly"], { error: "is one of plain, formal, friendly" }),
});
type Transform = z.infer<typeof transformRequest>;

/** What one transformation costs: its words and itself, all or nothing. */
export function priceOf({ text }: Transform): Charge[] {
  return [{ field: "words_used", amount: countWords(text) }, { field: "transformations_used" }];
}

/** The text in another style. */
export function rewrite({ text, style }: Transform): string {
  return STYLES[style](text);
}

const STYLES: Record<Transform["style"], (text: string) => string> = {
  plain: (text) => replaceAll(text, { utilize: "use", utilise: "use", "in order to": "to", approximately: "about" }),
  formal: (text) => replaceAll(text, { "can't": "cannot", "don't": "do not", "won't": "will not", "it's": "it is" }),
  friendly: (text) => replaceAll(text, { "Dear Sir or Madam": "Hi there", Regards: "Cheers", "do not": "don't" }),
};

function replaceAll(text: string, words: Record<string, string>): string {
  return Object.entries(words).reduce((result, [from, to]) => result.replaceAll(from, to), text);
}
