/** Finds the user of a listed subscription. Only our own server, the operator's file or a link decides. */
import type { Gateway } from "@/lib/database";
import type { ListedSubscription, SubscriptionList } from "@/lib/processors/subscription-list";

export type MatchedBy = "map" | "metadata" | "email";

export interface Match {
  userId: string;
  by: MatchedBy;
}

interface Sources {
  /** Users by customer or subscription id. */
  map: ReadonlyMap<string, string>;
  /** Also by the customer's e-mail address. */
  matchEmail: boolean;
}

/** null if no source names a user. @throws ProcessorError, DatabaseError */
export async function matchUser(
  { id, reading }: ListedSubscription,
  { map, matchEmail }: Sources,
  list: Pick<SubscriptionList, "email">,
  gateway: Gateway,
): Promise<Match | null> {
  const { customer, trustedUserId } = reading.identity;
  const mapped = map.get(id) ?? (customer === null ? undefined : map.get(customer));
  if (mapped !== undefined) return { userId: mapped, by: "map" };
  if (trustedUserId !== null) return { userId: trustedUserId, by: "metadata" };
  if (!matchEmail || customer === null) return null;
  const email = await list.email(customer);
  const userId = email === null ? null : await userWithEmail(email, gateway);
  return userId === null ? null : { userId, by: "email" };
}

const USERS = 50;

/** The one user with this address; null if there is none, or several. */
async function userWithEmail(email: string, gateway: Gateway): Promise<string | null> {
  const { users } = await gateway.users({ search: email }, "", USERS);
  const same = users.filter((user) => user.email?.toLowerCase() === email.toLowerCase());
  return same.length === 1 ? (same[0]?.userId ?? null) : null;
}
