import type Stripe from "stripe";

/**
 * One of the SDK's types as it is sent: a decimal is a string until the SDK parses it. Objects of the current API
 * version are checked against it at compile time, so that an SDK update shows every added or removed field.
 */
export type WireFormat<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends Stripe.Decimal
    ? string
    : T extends readonly (infer Item)[]
      ? WireFormat<Item>[]
      : T extends object
        ? { [Key in keyof T]: WireFormat<T[Key]> }
        : T;

/** Fields that Stripe sends and the SDK's types lack. */
export interface UntypedFields {
  total_count: number;
}
