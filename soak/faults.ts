/** The faults; each repairs the installation afterwards. */
import { setTimeout as sleep } from "node:timers/promises";
import { withClient } from "@/lib/database/migrate";
import type { Installation } from "./installation";
import type { Random } from "./random";

interface Fault {
  name: string;
  /** The number of times in a round of the long form. */
  times: number;
  /** Also in the short form. */
  short?: true;
  inject(installation: Installation, random: Random): Promise<void>;
}

export const FAULTS: readonly Fault[] = [
  {
    name: "Postgres killed with -9, and started again",
    times: 3,
    short: true,
    async inject({ postgres }, random) {
      await postgres.kill();
      await sleep(random.whole(0, 2_500));
      await postgres.start();
    },
  },
  {
    name: "one Postgres process killed with -9",
    times: 2,
    async inject({ postgres }, random) {
      await postgres.killBackend();
      await sleep(random.whole(500, 1_500));
      // If the signal hit Postgres during its recovery, it is found running, or started.
      await postgres.start();
    },
  },
  {
    name: "app killed with -9, and started again",
    times: 3,
    short: true,
    async inject({ app }, random) {
      await app.kill("SIGKILL");
      await sleep(random.whole(0, 1_500));
      await app.start();
    },
  },
  {
    name: "app stopped with SIGTERM, and started again",
    times: 1,
    async inject({ app }) {
      await app.kill("SIGTERM");
      await app.start();
    },
  },
  {
    name: "app and Postgres killed with -9 at once",
    times: 1,
    async inject({ app, postgres }) {
      await Promise.all([app.kill("SIGKILL"), postgres.kill()]);
      await postgres.start();
      await app.start();
    },
  },
  {
    name: "database connections cut right after COMMIT was sent",
    times: 4,
    short: true,
    inject: ({ back }, random) => cutting(back, "request sent", random),
  },
  {
    name: "database connections cut after COMMIT, its answer lost",
    times: 4,
    short: true,
    inject: ({ back }, random) => cutting(back, "answer lost", random),
  },
  {
    name: "clients' connections cut, the server's answer lost",
    times: 3,
    short: true,
    inject: ({ front }, random) => cutting(front, "answer lost", random),
  },
  {
    name: "all database connections reset",
    times: 2,
    short: true,
    async inject({ back }, random) {
      for (let again = random.whole(1, 4); again > 0; again -= 1) {
        back.cutAll();
        await sleep(random.whole(50, 300));
      }
    },
  },
  {
    name: "all clients' connections reset",
    times: 2,
    async inject({ front }, random) {
      for (let again = random.whole(1, 4); again > 0; again -= 1) {
        front.cutAll();
        await sleep(random.whole(50, 300));
      }
    },
  },
  {
    name: "all sessions ended by an administrator",
    times: 1,
    inject: ({ postgres }) =>
      withClient(postgres.url(), async (client) => {
        await client.query(
          "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tollgate'",
        );
      }),
  },
  {
    name: "a slow database",
    times: 2,
    short: true,
    async inject({ back }, random) {
      back.delay = random.whole(20, 250);
      await sleep(random.whole(1_000, 2_500));
      back.delay = 0;
    },
  },
  {
    name: "a database that does not answer for seconds, then resets",
    times: 1,
    async inject({ back }, random) {
      back.stalled = true;
      await sleep(random.whole(1_500, 5_000));
      back.stalled = false;
      back.cutAll();
    },
  },
  {
    name: "slow clients",
    times: 1,
    async inject({ front }, random) {
      front.delay = random.whole(50, 400);
      await sleep(random.whole(1_000, 2_500));
      front.delay = 0;
    },
  },
  {
    name: "rows of many users locked by another connection",
    times: 2,
    inject: ({ postgres }, random) =>
      withClient(postgres.url(), async (client) => {
        await client.query("begin");
        await client.query(
          "select from tollgate.subscriptions where user_id like 'soak-%' order by random() limit 20 for update skip locked",
        );
        await sleep(random.whole(500, 2_500));
        await client.query("rollback");
      }),
  },
];

/** Cuts several connections, each at its next request; fewer if there are few requests. */
async function cutting(
  proxy: Installation["back"],
  at: Parameters<Installation["back"]["cutNext"]>[1],
  random: Random,
): Promise<void> {
  proxy.cutNext(random.whole(2, 12), at);
  await sleep(random.whole(500, 1_500));
  proxy.cutNext(0, at);
}

/** The faults of the short form once each, or whole rounds of the long form, in an order from the seed. */
export function* faultsOf(form: "short" | "long", random: Random): Generator<Fault> {
  if (form === "short") return yield* random.shuffle(FAULTS.filter(({ short }) => short));
  for (;;) yield* random.shuffle(FAULTS.flatMap((fault) => Array.from({ length: fault.times }, () => fault)));
}
