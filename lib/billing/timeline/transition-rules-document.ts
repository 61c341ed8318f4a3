/** The rules' table as a document. A test compares docs/rules.md with this text. */
import { type Effect, RULES } from "./transition-rules";

const OPENS: Readonly<Record<Effect, string>> = {
  ends: "no window opens; the subscription has ended",
  nothing: "no window opens; status and flags recorded",
  continues: "continues",
  reset: "reset",
  carry_over_until_paid: "carry_over until paid",
};

export function rulesDocument(): string {
  const rows = RULES.map(
    ({ row, description, effect, reason }) => `| ${row} | ${description} | ${OPENS[effect]} | \`${reason}\` |`,
  );
  return `# The effect of a subscription event on usage windows

Written from \`lib/billing/timeline/transition-rules.ts\` (\`UPDATE_DOCS=1 npx vitest run --project unit lib/billing/timeline/transition-rules\`); do not edit.

The fold compares each snapshot's period with the last opened billing period of its subscription. The first matching row counts.
*Boundary*: the new start is at or after the old end (less a second). *Restart*: it lies between the two. *Same*: the starts differ by
less than a second, or another plan item has a period that began earlier and ends later.

| # | when | window | reason |
| --- | --- | --- | --- |
${rows.join("\n")}

- **reset** starts at 0. **carry_over** starts at the usage so far, less the elapsed share of the paid plans. It credits nothing for an
  unpaid period.
- **until paid**: it becomes a reset when that period's payment is seen, in full and in money. That is the total after discounts, more
  than 0, paid or declared paid by the merchant, without credit, balance or partial proration.
- **continues** keeps the usage, with the new plan's limit.
- A payment for a period that no snapshot has announced opens it: \`Payment for a new billing period\`.
`;
}
