import { beforeEach, describe, expect, test } from "vitest";
import type { Gateway } from "@/lib/database";
import { createGateway } from "@/lib/database/gateway";
import { HttpError } from "@/lib/http";
import { testDatabase } from "@/tests/support/database";
import { countFailedSignIn } from ".";

const database = testDatabase();
let gateway: Gateway;
let turn = 0;
beforeEach(() => {
  gateway = createGateway(database.transport());
  (globalThis as typeof globalThis & { tollgateGateway?: Gateway }).tollgateGateway = gateway;
  turn += 1;
});

/** Every row as it is stored: ctid changes with each write. */
const rows = async () =>
  (await database.pool().query("select ctid::text, scope, key, hits from rate_limits order by scope, key")).rows;
const limit = (scope: string, attempts: number, seconds = 60) => ({ scope, key: `key-${turn}`, attempts, seconds });

describe("counting under several limits", () => {
  test("the first full limit refuses, and a refused attempt writes nothing", async () => {
    const limits = [limit("wide", 2), limit("narrow", 1)];
    expect(await gateway.countAttempts(limits)).toMatchObject({ allowed: true, counted: [{}, {}] });
    const before = await rows();
    const refused = await gateway.countAttempts(limits);
    expect(refused).toMatchObject({ allowed: false, counted: [] });
    expect(refused.retryAfter).toBeGreaterThan(50);
    expect(await gateway.countAttempts([limit("narrow", 1), limit("never seen", 5)])).toMatchObject({ allowed: false });
    expect(await gateway.countAttempt("narrow", `key-${turn}`, 1, 60)).toMatchObject({ allowed: false });
    expect(await rows()).toEqual(before);
  });

  test("attempts at once stay within each limit, and a refused one counts nowhere", async () => {
    const limits = [limit("wide", 100), limit("narrow", 7)];
    const answers = await Promise.all(Array.from({ length: 40 }, () => gateway.countAttempts(limits)));
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(7);
    const hits = (await rows()).filter(({ key }) => key === `key-${turn}`).map(({ scope, hits }) => [scope, hits]);
    expect(hits).toEqual([
      ["narrow", 7],
      ["wide", 7],
    ]);
  });

  test("an attempt that is taken back was none, also at the limit", async () => {
    const limits = [limit("wide", 5), limit("narrow", 1)];
    for (let time = 0; time < 10; time += 1) {
      const { allowed, counted } = await gateway.countAttempts(limits);
      expect(allowed).toBe(true);
      expect(await gateway.returnAttempts(counted)).toEqual({ returned: 2 });
    }
  });

  test("the next window does not lose what an earlier one counted", async () => {
    const { counted } = await gateway.countAttempts([limit("brief", 5, 1)]);
    await expect
      .poll(async () => (await gateway.countAttempts([limit("brief", 1, 60)])).allowed, { timeout: 5_000 })
      .toBe(true);
    expect(await gateway.returnAttempts(counted)).toEqual({ returned: 0 });
    expect((await gateway.countAttempts([limit("brief", 1, 60)])).allowed).toBe(false);
  });
});

describe("signing in", () => {
  const wrong = async () => {
    throw new HttpError(401, "invalid_credentials", "E-mail or password is wrong.");
  };
  const right = async () => "signed in";
  const email = () => `owner-${turn}@example.com`;
  const network = (name: string | number) => `network-${turn}-${name}`;
  const statusOf = (attempt: Promise<unknown>) =>
    attempt.then(
      () => 200,
      (error: unknown) => (error instanceof HttpError ? error.status : String(error)),
    );
  const signIn = (from: string | number, work: () => Promise<unknown>, address = email()) =>
    statusOf(countFailedSignIn(address, network(from), work));

  test("15 wrong passwords from one network leave the owner's sign-in from another alone", async () => {
    const statuses = [];
    for (let time = 0; time < 15; time += 1) statuses.push(await signIn("a", wrong));
    expect(statuses).toEqual([...Array(10).fill(401), ...Array(5).fill(429)]);
    expect(await signIn("a", right)).toBe(429);
    expect(await signIn("a", wrong, email().toUpperCase())).toBe(429);
    expect(await signIn("b", right)).toBe(200);
    expect(await signIn("a", wrong, `other-${email()}`)).toBe(401);
  });

  test("guesses at once get no more tries than guesses in turn", async () => {
    let tries = 0;
    const guess = async () => {
      tries += 1;
      await wrong();
    };
    await Promise.all(Array.from({ length: 40 }, () => signIn("a", guess)));
    expect(tries).toBe(10);
  });

  test("neither a right password nor a failure of the provider counts", async () => {
    const unavailable = async () => {
      throw new HttpError(503, "unavailable", "Signing in does not work right now.");
    };
    const broken = async () => {
      throw new Error("broken");
    };
    for (let time = 0; time < 12; time += 1) {
      expect(await signIn("a", right)).toBe(200);
      expect(await signIn("a", unavailable)).toBe(503);
      expect(await signIn("a", broken)).toBe("Error: broken");
    }
  });

  test("a right password does not clear the failures before it", async () => {
    for (let time = 0; time < 9; time += 1) expect(await signIn("a", wrong)).toBe(401);
    expect(await signIn("a", right)).toBe(200);
    expect(await signIn("a", wrong)).toBe(401);
    expect(await signIn("a", wrong)).toBe(429);
  });

  test("1,000 failures an hour from many networks close the address", async () => {
    for (let from = 0; from < 100; from += 1)
      expect(await Promise.all(Array.from({ length: 10 }, () => signIn(from, wrong)))).toEqual(Array(10).fill(401));
    expect(await signIn("another", right)).toBe(429);
    expect(await signIn("another", right, `other-${email()}`)).toBe(200);
  });

  test("100 failures from a network at many addresses close the network, and write no row more", async () => {
    for (let who = 0; who < 100; who += 1) expect(await signIn("a", wrong, `${who}-${email()}`)).toBe(401);
    const before = await rows();
    for (let who = 100; who < 110; who += 1) expect(await signIn("a", wrong, `${who}-${email()}`)).toBe(429);
    expect(await rows()).toEqual(before);
  });
});
