/** A fast database that stores nothing. It answers and refuses like Postgres, so that all the code around it runs. */
import type { Fact } from "@/lib/billing/types";
import type { Transport } from "@/lib/database/transports/transport";

const VIEW = {
  product: "writer",
  plan: "free",
  status: "free",
  processor: null,
  interval: null,
  quantity: 1,
  periodStart: null,
  periodEnd: null,
  windowStart: "2026-01-01T00:00:00Z",
  resetsAt: null,
  cancelAt: null,
  scheduledPlan: null,
  limitPlan: "free",
  meters: [],
};
const UNDECIDED = { outcome: null, reason: null, decision: null };
const ONE_USER = { conflict: false, disputed: false, moves: 0, former: [], waiting: [] };

/** `known` returns the stored facts of a user. */
export function memoryTransport(known: (userId: string) => readonly Fact[]): Transport {
  const timeline = (userId: unknown) => ({
    revision: 1,
    free_anchor: "2026-01-01T00:00:00Z",
    facts: known(String(userId)),
    others: [],
  });
  const answers: Record<string, (args: Readonly<Record<string, unknown>>) => unknown> = {
    record_webhook_event: () => UNDECIDED,
    finish_webhook_event: () => UNDECIDED,
    fail_webhook_event: () => ({ attempts: 1, dead: false }),
    add_notes: () => UNDECIDED,
    known_products: () => ["writer"],
    resolve_links: ({ p_trusted_user_id, p_customer_id }) => ({
      user_id: p_trusted_user_id ?? p_customer_id,
      ...ONE_USER,
    }),
    load_timeline: ({ p_user_id }) => timeline(p_user_id),
    receive_webhook_event: ({ p_identity, p_facts }) => {
      const identity = p_identity as { trusted_user_id: string | null; customer_id: string | null } | null;
      const userId = identity && (identity.trusted_user_id ?? identity.customer_id);
      const products = userId ? ((p_facts as { products: string[] } | null)?.products ?? []) : [];
      return {
        ...UNDECIDED,
        links: identity && { user_id: userId, ...ONE_USER },
        known_products: ["writer"],
        timelines: products.map((product) => ({ product, timeline: timeline(userId) })),
      };
    },
    commit_timeline: () => ({ committed: true, before: VIEW, after: VIEW }),
  };
  return {
    call: async (name, args) => {
      const answer = answers[name];
      if (answer === undefined) throw new Error(`The fuzzer's database has no ${name}.`);
      // A number that is too large is null in JSON; in a copy of the input that has no effect.
      const { p_payload, ...ours } = args;
      refuse(name, { ...ours, p_payload: JSON.parse(JSON.stringify(p_payload ?? null)) });
      return answer(args);
    },
    end: async () => {},
  };
}

/** Text with U+0000, lone surrogates in jsonb, and invalid numbers. */
function refuse(path: string, value: unknown): void {
  if (typeof value === "number" && !Number.isFinite(value)) throw new Error(`${path}: ${value} is no number`);
  if (typeof value === "string" && /\0|\p{Cs}/u.test(value)) {
    throw new Error(`${path}: Postgres does not store this text`);
  }
  if (typeof value !== "object" || value === null) return;
  for (const [key, inner] of Object.entries(value)) {
    refuse(path, key);
    refuse(`${path}.${key}`, inner);
  }
}
