import type Stripe from "stripe";

/**
 * One of the SDK's types as it travels: a decimal is a string until the SDK has read it. What is built for today's API
 * is held against this at compile time, so that an SDK update shows every field that has come or gone.
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

/** Fields that Stripe still sends and the SDK does not name. */
export interface Unnamed {
  total_count: number;
}
