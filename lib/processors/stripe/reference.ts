/** A reference to another object of Stripe: its id, or the object expanded in place. */
export type Reference = string | { id: string };

export function idOf(reference: Reference): string;
export function idOf(reference: Reference | null): string | null;
export function idOf(reference: Reference | null): string | null {
  return typeof reference === "string" || reference === null ? reference : reference.id;
}
