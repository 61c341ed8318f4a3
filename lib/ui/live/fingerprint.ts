/** The usage view as a page and the usage route both say it, without its clock, which differs with every answer. */
export function fingerprint({ subscriptions }: { subscriptions: unknown }): string {
  return JSON.stringify(subscriptions);
}
