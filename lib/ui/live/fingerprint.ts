/** A usage view as text without its clock, which differs in every answer. Equal fingerprints mean equal usage. */
export function fingerprint({ subscriptions }: { subscriptions: unknown }): string {
  return JSON.stringify(subscriptions);
}
