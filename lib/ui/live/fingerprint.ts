/** A usage view without its clock, which differs with every answer; the page and the usage route compare it. */
export function fingerprint({ subscriptions }: { subscriptions: unknown }): string {
  return JSON.stringify(subscriptions);
}
