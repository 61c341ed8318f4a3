/** The rules' table for people: docs/rules.md is this text, and a test holds the two together. */
import { type Effect, RULES } from "./transition-rules";

const OPENS: Readonly<Record<Effect, string>> = {
  ends: "nothing opens; the subscription is over",
  nothing: "nothing opens; status and flags taken",
  continues: "continues",
  reset: "reset",
  carry_over_until_paid: "carry_over until paid",
};

export function rulesDocument(): string {
  const rows = RULES.map(
    ({ row, description, effect, reason }) => `| ${row} | ${description} | ${OPENS[effect]} | \`${reason}\` |`,
  );
  return `# What a subscription event does to the usage windows

Written from \`lib/billing/timeline/transition-rules.ts\` (\`UPDATE_DOCS=1 npx vitest run --project unit lib/billing/rules\`); do not edit.

Each snapshot's period is compared with the last opened billing period of its subscription. First match from the top.
*Boundary*: the new start is at or after the old end (less a second). *Restart*: between the two. *Same*: within a
second, or the period of another plan item that began earlier and ends later.

| # | when | window | reason |
| --- | --- | --- | --- |
${rows.join("\n")}

- **reset** starts at 0. **carry_over** starts from what was used, less the elapsed share of the plans that were held
  and paid for; nothing is forgiven for a period that was not paid.
- **until paid**: it becomes a reset when that period's payment is seen, in full and in money: the total after discounts,
  more than 0, paid or declared paid by the merchant, with no credit, balance or partial proration in it.
- **continues** preserves what was used, with the new plan's limit.
- A payment for a period that no snapshot has announced opens it: \`Payment for a new billing period\`.
`;
}
