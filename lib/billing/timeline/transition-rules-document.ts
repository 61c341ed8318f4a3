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
  return `# What a subscription event does to the usage windows

Generated from \`lib/billing/timeline/transition-rules.ts\` (\`UPDATE_DOCS=1 npx vitest run --project unit lib/billing/timeline/transition-rules\`); do not edit.

Each snapshot's period is compared with the last opened billing period of its subscription. The first rule that matches applies.
*Boundary*: the new start is at or after the old end (less a second). *Restart*: between the two. *Same*: within a
second, or the period of another plan item that began earlier and ends later.

| # | when | window | reason |
| --- | --- | --- | --- |
${rows.join("\n")}

- **reset** starts at 0. **carry_over** starts from the usage, less the elapsed share of the limits of the plans that were
  paid. An unpaid period credits nothing.
- **until paid**: it becomes a reset when the period is paid in full: the total after discounts, more than 0, paid or
  declared paid by the merchant, without credit, balance or partial proration.
- **continues** preserves the usage, with the new plan's limit.
- A payment for a period without a snapshot opens it: \`Payment for a new billing period\`.
`;
}
