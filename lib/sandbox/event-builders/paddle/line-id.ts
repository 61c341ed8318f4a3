/** The id of a transaction's line, made from the transaction's own: it has the length of Paddle's, and names one line only. */
export function lineId(transaction: string, index: number): string {
  const [, ofTransaction = ""] = transaction.split("_");
  return `txnitm_${index.toString(36).padStart(2, "0")}${ofTransaction.slice(2)}`;
}
