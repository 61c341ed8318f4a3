/**
 * One field that is something else at the processor. `payment`: a payment that was made there and is not known here.
 * `openInvoice`: the same of a charge that failed. There can be several of these, and of refunds and disputes.
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
