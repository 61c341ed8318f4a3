import { beforeEach, describe, expect, test } from "vitest";
import { DomainError } from "@/lib/core/domain-error";
import type { Gateway } from "@/lib/database";
import { createGateway } from "@/lib/database/gateway";
import { testDatabase } from "@/tests/support/database";
import { setProcessGateway } from "@/tests/support/process-gateway";
import { countFailedSignIn } from ".";

const database = testDatabase();
let gateway: Gateway;
let testNumber = 0;
beforeEach(() => {
  gateway = createGateway(database.transport());
  setProcessGateway(gateway);
  testNumber += 1;
});

/** All rows. ctid changes with each write. */
const rows = async () =>
  (await database.pool().query("select ctid::text, scope, key, hits from rate_limits order by scope, key")).rows;
const limit = (scope: string, attempts: number, seconds = 60) => ({
  scope,
  key: `key-${testNumber}`,
  attempts,
  seconds,
});

describe("an attempt under several limits", () => {
  test("is refused by the first full limit and writes no row", async () => {
    const limits = [limit("wide", 2), limit("narrow", 1)];
    expect(await gateway.countAttempts(limits)).toMatchObject({ allowed: true, counted: [{}, {}] });
    const before = await rows();
    const refused = await gateway.countAttempts(limits);
    expect(refused).toMatchObject({ allowed: false, counted: [] });
    expect(refused.retryAfter).toBeGreaterThan(50);
    expect(await gateway.countAttempts([limit("narrow", 1), limit("unused", 5)])).toMatchObject({ allowed: false });
    expect(await gateway.countAttempt("narrow", `key-${testNumber}`, 1, 60)).toMatchObject({ allowed: false });
    expect(await rows()).toEqual(before);
  });

  test("stays within each limit if it is concurrent; a refused attempt counts in no limit", async () => {
    const limits = [limit("wide", 100), limit("narrow", 7)];
    const answers = await Promise.all(Array.from({ length: 40 }, () => gateway.countAttempts(limits)));
    expect(answers.filter(({ allowed }) => allowed)).toHaveLength(7);
    const hits = (await rows())
      .filter(({ key }) => key === `key-${testNumber}`)
      .map(({ scope, hits }) => [scope, hits]);
    expect(hits).toEqual([
      ["narrow", 7],
      ["wide", 7],
    ]);
  });

  test("no longer counts after it is returned, also at the limit", async () => {
    const limits = [limit("wide", 5), limit("narrow", 1)];
    for (let time = 0; time < 10; time += 1) {
      const { allowed, counted } = await gateway.countAttempts(limits);
      expect(allowed).toBe(true);
      expect(await gateway.returnAttempts(counted)).toEqual({ returned: 2 });
    }
  });

  test("of an earlier window leaves the next window's count when it is returned", async () => {
    const { counted } = await gateway.countAttempts([limit("brief", 5, 1)]);
    await expect
      .poll(async () => (await gateway.countAttempts([limit("brief", 1, 60)])).allowed, { timeout: 5_000 })
      .toBe(true);
    expect(await gateway.returnAttempts(counted)).toEqual({ returned: 0 });
    expect((await gateway.countAttempts([limit("brief", 1, 60)])).allowed).toBe(false);
  });
});

describe("a sign-in", () => {
  const wrong = async () => {
    throw new DomainError("unauthenticated", "invalid_credentials", "E-mail or password is wrong.");
  };
  const right = async () => "signed in";
  const email = () => `owner-${testNumber}@example.com`;
  const network = (name: string | number) => `network-${testNumber}-${name}`;
  const outcomeOf = (attempt: Promise<unknown>) =>
    attempt.then(
      () => "signed in",
      (error: unknown) => (error instanceof DomainError ? error.problem : String(error)),
    );
  const signIn = (from: string | number, work: () => Promise<unknown>, address = email()) =>
    outcomeOf(countFailedSignIn(address, network(from), work));

  test("from another network is not blocked by 15 wrong passwords from one network", async () => {
    const outcomes = [];
    for (let time = 0; time < 15; time += 1) outcomes.push(await signIn("a", wrong));
    expect(outcomes).toEqual([...Array(10).fill("unauthenticated"), ...Array(5).fill("too_many")]);
    expect(await signIn("a", right)).toBe("too_many");
    expect(await signIn("a", wrong, email().toUpperCase())).toBe("too_many");
    expect(await signIn("b", right)).toBe("signed in");
    expect(await signIn("a", wrong, `other-${email()}`)).toBe("unauthenticated");
  });

  test("is limited equally for concurrent and sequential guesses", async () => {
    let tries = 0;
    const guess = async () => {
      tries += 1;
      await wrong();
    };
    await Promise.all(Array.from({ length: 40 }, () => signIn("a", guess)));
    expect(tries).toBe(10);
  });

  test("with a right password or a failure of the provider does not count", async () => {
    const unavailable = async () => {
      throw new DomainError("unavailable", "unavailable", "Signing in does not work right now.");
    };
    const broken = async () => {
      throw new Error("broken");
    };
    for (let time = 0; time < 12; time += 1) {
      expect(await signIn("a", right)).toBe("signed in");
      expect(await signIn("a", unavailable)).toBe("unavailable");
      expect(await signIn("a", broken)).toBe("Error: broken");
    }
  });

  test("with a right password keeps the failures before it", async () => {
    for (let time = 0; time < 9; time += 1) expect(await signIn("a", wrong)).toBe("unauthenticated");
    expect(await signIn("a", right)).toBe("signed in");
    expect(await signIn("a", wrong)).toBe("unauthenticated");
    expect(await signIn("a", wrong)).toBe("too_many");
  });

  test("is blocked for an e-mail address after 1,000 failures per hour from many networks", async () => {
    for (let from = 0; from < 100; from += 1)
      expect(await Promise.all(Array.from({ length: 10 }, () => signIn(from, wrong)))).toEqual(
        Array(10).fill("unauthenticated"),
      );
    expect(await signIn("another", right)).toBe("too_many");
    expect(await signIn("another", right, `other-${email()}`)).toBe("signed in");
  });

  test("is blocked for a network after 100 failures at many addresses, and then writes no rows", async () => {
    for (let user = 0; user < 100; user += 1)
      expect(await signIn("a", wrong, `${user}-${email()}`)).toBe("unauthenticated");
    const before = await rows();
    for (let user = 100; user < 110; user += 1) expect(await signIn("a", wrong, `${user}-${email()}`)).toBe("too_many");
    expect(await rows()).toEqual(before);
  });
});
