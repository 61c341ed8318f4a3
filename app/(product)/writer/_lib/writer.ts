/** Reference product 2: rewrites text in another style. It counts the words and the transformation. */
import { type Charge, prose } from "tollgate/server";
import { z } from "zod";
import { splitIntoChunks } from "./chunks";
import { restyle, STYLES } from "./styles";
import { chargedWords, countWords } from "./words";

export const transformRequest = z.strictObject({
  text: prose({ max: 200_000 }),
  style: z.enum(STYLES, { error: `is one of ${STYLES.join(", ")}` }),
});
export type Transform = z.infer<typeof transformRequest>;

/**
 * The price of one transformation: its words and itself, all or nothing. A text of emoji or dots alone costs one word.
 */
export function priceOf({ text }: Transform): Charge[] {
  return [{ field: "words_used", amount: chargedWords(countWords(text)) }, { field: "transformations_used" }];
}

/** The text in another style, by the same chunks as a streamed rewriting, so that the results are equal. */
export function rewrite({ text, style }: Transform): string {
  return splitIntoChunks(text)
    .map((part) => restyle(part.text, style))
    .join("");
}
