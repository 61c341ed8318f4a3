/**
 * Correct differences from the descriptions, each with its reason. An entry that fits nothing any more fails the check, so
 * that the lists stay true.
 */

export interface Known {
  /** Fits the record's name and path of a field, or a whole problem. */
  at: RegExp;
  reason: string;
}

/** Fields that a processor writes and the SDK's types leave out, taken away before the check; and problems. */
export const NOT_IN_TYPES: readonly Known[] = [
  {
    at: /^stripe .*\.(items|lines)\.total_count$/,
    reason: "Stripe counts the lists within an object; its reference shows the field, its types do not",
  },
  {
    at: /^stripe (subscriptions\.\w+ answer|event customer\.subscription\S+( previous_attributes)?) \.(data\.object\.)?(plan|quantity)$/,
    reason: "Stripe still writes the plan of a subscription with one item, for readers of old versions",
  },
  {
    at: /^paddle .*transaction.*\.receipt_data$/,
    reason: "Paddle writes it for accounts where it is enabled (error receipt_data_not_enabled), else null",
  },
  {
    at: /^paddle event subscription\..* \.data\.items\[\]\.(price\.(created_at|updated_at)|product\.updated_at)$/,
    reason: "Paddle's description has them in the items of a subscription, the SDK's types of events do not",
  },
  {
    at: /^paddle event adjustment\.\w+ \.data\.items\[\]\.totals: .*: fee, earnings, currency_code$/,
    reason: "the SDK's type of events takes the sums of the adjustment for those of an item; an item has three",
  },
  {
    at: /^paddle .*adjustment.* \.(data\.)?credit_applied_to_balance: Type 'null'/,
    reason: "Paddle's description has null for an adjustment that is no credit",
  },
];

/** Fields that are not in Paddle's description of 2025-05-27, taken away before the check. */
export const NOT_IN_DESCRIPTION: readonly Known[] = [
  {
    at: /\.receipt_data$/,
    reason: "Paddle writes it for accounts where it is enabled (error receipt_data_not_enabled), else null",
  },
  {
    at: /\.(grand_total_tax|retained_fee|paypal|south_korea_local_card|discount_group(_id)?)$/,
    reason: "newer than the description; the SDK's types have it",
  },
];

/** Differences from Stripe's examples of 2026-08-21: fields of one object. */
export const NOT_IN_EXAMPLES: readonly Known[] = [
  {
    at: /^stripe subscription \S*\.(plan|quantity): is not in/,
    reason: "Stripe still writes the plan of a subscription with one item, for readers of old versions",
  },
  {
    at: /^stripe subscription_item \S*\.current_trial: is not in/,
    reason: "newer than the examples; the SDK's types have it",
  },
  {
    at: /^stripe payment_method \S*\.(card: is missing|us_bank_account: is not in)/,
    reason: "the example is a card; a bank account has details of its own",
  },
  {
    at: /^stripe subscription \S*\.status_details: is not in/,
    reason: "written only for a paused subscription; newer than the examples, and the SDK's types have it",
  },
  {
    at: /^stripe subscription_schedule \S*\.pause_schedules: is not in/,
    reason: "newer than the examples; the SDK's types have it",
  },
  {
    at: /^stripe checkout\.session \S*\.tax_id_collection: is not in/,
    reason: "written only if the session collects tax ids; the SDK's types have it",
  },
  {
    at: /^stripe checkout\.session \S*\.allowed_payment_method_types: is not in/,
    reason: "newer than the examples; the SDK's types have it",
  },
  {
    at: /^stripe invoice \S*\.payments: is not in/,
    reason: "written only if it is expanded, as the client asks",
  },
  {
    at: /^stripe charge \S*\.refunds: is missing/,
    reason: "written only if it is expanded, since 2022-11-15",
  },
  {
    at: /^stripe dispute \S*\.intended_submission_method: is not in/,
    reason: "newer than the examples; the SDK's types have it",
  },
  {
    at: /^stripe credit_note_line_item \S*\.invoice_line_item: is missing/,
    reason: "written only for lines that credit a line of the invoice",
  },
  {
    at: /^stripe invoice \S*\.subscription: is missing/,
    reason: "moved to parent.subscription_details in 2025-03-31.basil; the example keeps the old field",
  },
];

/** Recognizes known differences, and notes the entries that were needed. */
export class KnownDifferences {
  readonly #unused: Set<Known>;

  constructor(readonly entries: readonly Known[]) {
    this.#unused = new Set(entries);
  }

  has(text: string): boolean {
    const found = this.entries.filter(({ at }) => at.test(text));
    for (const each of found) this.#unused.delete(each);
    return found.length > 0;
  }

  unused(): string[] {
    return [...this.#unused].map(({ at }) => String(at));
  }
}
