/** The unique id of a transaction's line, derived from the transaction's id, with the length of Paddle's ids. */
export function lineId(transaction: string, index: number): string {
  const [, ofTransaction = ""] = transaction.split("_");
  return `txnitm_${index.toString(36).padStart(2, "0")}${ofTransaction.slice(2)}`;
}
