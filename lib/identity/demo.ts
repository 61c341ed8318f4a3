/** The users of the demo data; `scripts/demo.ts` creates their histories. */
export const DEMO_USERS = [
  { id: "demo", name: "Maya Lindqvist", note: "Writer Plus and Chatbots Starter, in the middle of the month" },
  { id: "newcomer", name: "Noor Haddad", note: "Just arrived: free plans, nothing used" },
  { id: "studio", name: "Ada Okafor", note: "Writer Ultra billed yearly, near the month's limit" },
  { id: "agency", name: "Jonas Weber", note: "Chatbots Growth, the last payment failed" },
  { id: "admin", name: "Sam Rivera", note: "Admin" },
] as const;

/** A demo user's profile; other local users have only an id. */
export function demoUser(id: string): { name: string; email: string } | undefined {
  const user = DEMO_USERS.find((known) => known.id === id);
  return user && { name: user.name, email: `${user.id}@example.com` };
}
