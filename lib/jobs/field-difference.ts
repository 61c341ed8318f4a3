/**
 * One field that differs at the processor. `payment`: a payment that is not stored here. `openInvoice`: a failed charge that
 * is not stored here. One subscription can have several of these, and several refunds and disputes.
 */
export interface FieldDifference {
  field:
    | "plan"
    | "interval"
    | "status"
    | "periodStart"
    | "periodEnd"
    | "cancelAt"
    | "openInvoice"
    | "payment"
    | "refund"
    | "dispute"
    | "discount";
  here: string | null;
  there: string | null;
}
