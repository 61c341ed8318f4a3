/** The API's text of a plan that allows fewer items than the user has; its wording is fixed (docs/documents.md). */
const TOO_MANY = /^Please delete (\d+) (\w+)\(s\) to switch to (.+)$/;

/** A refusal's text on a page. The API's "Please delete 2 item(s)" becomes "Delete 2 items"; other texts stay. */
export function refusalText(message: string): string {
  const [, count, item, plan] = TOO_MANY.exec(message) ?? [];
  return count === undefined ? message : `Delete ${count} ${item}${count === "1" ? "" : "s"} to switch to ${plan}.`;
}
