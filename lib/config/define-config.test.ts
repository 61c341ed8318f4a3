import { describe, expect, test } from "vitest";
import type { Catalog, Plan, Product } from "./catalog";
import type { ConfigInput, PlanInput } from "./config-types";
import { defineConfig } from "./define-config";
import { counter, gauge } from "./meters";
import { eur, money, usd } from "./money";

const free: Plan = {
  name: "Free",
  rank: 0,
  price: { monthly: 0, yearly: null },
  cadence: "daily",
  limits: { mails: 5 },
};
const pro: Plan = { ...free, name: "Pro", rank: 1, price: { monthly: 900, yearly: 9_000 }, cadence: "billing_period" };
const post: Product = {
  name: "Post",
  tagline: "",
  meters: { mails: { kind: "counter", label: "Mails", unit: { one: "mail", many: "mails" } } },
  plans: { free, pro },
};
const sales = { automaticTax: false, taxIds: false, promotionCodes: true };
const configWith = (change: Partial<Product>, others: Catalog["products"] = {}) => ({
  products: { post: { ...post, ...change }, ...others },
  sales,
});

describe("a config in the full form", () => {
  test("keeps each entry", () => {
    expect(defineConfig(configWith({}))).toMatchObject(configWith({}));
  });

  test("is the same config again if it is checked again", () => {
    const config = defineConfig(configWith({ trialDays: 7 }));
    expect(defineConfig(config)).toEqual(config);
  });

  test.each([
    [
      "a limit of an unknown meter",
      { plans: { free, pro: { ...pro, limits: { mail: 1 } } } },
      "products.post.plans.pro.limits.mail: there is no such meter",
    ],
    [
      "a negative limit",
      { plans: { free: { ...free, limits: { mails: -1 } } } },
      "products.post.plans.free.limits.mails",
    ],
    [
      "a limit that is not whole",
      { plans: { free: { ...free, limits: { mails: 1.5 } } } },
      "products.post.plans.free.limits.mails",
    ],
    ["no free plan", { plans: { pro } }, "exactly one plan has rank 0"],
    ["two free plans", { plans: { free, other: free } }, "exactly one plan has rank 0"],
    ["two plans of one rank", { plans: { free, pro, silver: pro } }, "two plans have the same rank"],
    ["a free plan with a price", { plans: { free: { ...pro, rank: 0 } } }, "post.plans.free.price.yearly: the plan of"],
    ["an unknown entry", { plans: { free, pro: { ...pro, trial: 3 } as Plan } }, "products.post.plans.pro"],
    ["a plan's id with a space", { plans: { free, "pro plan": pro } }, "products.post.plans.pro plan"],
  ] as const)("with %s is refused with the entry's path", (_name, change: Partial<Product>, problem) => {
    expect(() => defineConfig(configWith(change))).toThrow(problem);
  });

  test("with one meter in two products is refused, because calls name a meter without its product", () => {
    expect(() => defineConfig(configWith({}, { parcel: post }))).toThrow(
      "products.parcel.meters.mails: products.post has a meter of this name",
    );
  });
});

const notely = (plans: Record<string, PlanInput>, rest: Partial<ConfigInput> = {}): ConfigInput => ({
  ...rest,
  products: {
    notely: {
      meters: { ai_summaries: counter("AI summary", "AI summaries"), notes: gauge("note", "notes") },
      plans,
    },
  },
});
const limits = { ai_summaries: 20, notes: 50 };
const plansOf = (plans: Record<string, PlanInput>, rest: Partial<ConfigInput> = {}) =>
  defineConfig(notely(plans, rest)).products.notely?.plans;

describe("a config in the short form", () => {
  test("has all defaults", () => {
    expect(
      defineConfig(notely({ free: { limits }, pro: { price: { monthly: usd(12), yearly: usd(120) }, limits } })),
    ).toEqual({
      identify: null,
      brand: { name: "Notely" },
      paths: expect.objectContaining({
        home: "/",
        signIn: "/sign-in",
        billing: "/billing",
        admin: "/admin",
        api: "/api",
      }),
      navigation: [
        { href: "/billing", name: "Billing" },
        { href: "/usage", name: "Usage" },
        { href: "/pricing", name: "Plans" },
      ],
      locale: "en-GB",
      currency: "usd",
      sales,
      products: {
        notely: {
          name: "Notely",
          tagline: "",
          meters: {
            ai_summaries: { kind: "counter", label: "AI summaries", unit: { one: "AI summary", many: "AI summaries" } },
            notes: { kind: "gauge", label: "Notes", unit: { one: "note", many: "notes" } },
          },
          plans: {
            free: { name: "Free", rank: 0, price: { monthly: 0, yearly: null }, cadence: "monthly", limits },
            pro: { name: "Pro", rank: 1, price: { monthly: 1_200, yearly: 12_000 }, cadence: "billing_period", limits },
          },
        },
      },
    });
  });

  test("ranks the first plan without a price as free, and the others by their order", () => {
    const plans = plansOf({
      team_plus: { price: { monthly: usd(1) }, limits },
      hobby: { limits },
      old: { limits },
      firm: { price: { yearly: usd(99.5) }, limits },
    });
    expect(Object.entries(plans ?? {}).map(([id, { name, rank, price }]) => [id, name, rank, price])).toEqual([
      ["team_plus", "Team plus", 1, { monthly: 100, yearly: null }],
      ["hobby", "Hobby", 0, { monthly: 0, yearly: null }],
      ["old", "Old", 2, { monthly: null, yearly: null }],
      ["firm", "Firm", 3, { monthly: null, yearly: 9_950 }],
    ]);
  });

  test("takes the navigation's paths from the paths", () => {
    const { navigation, paths } = defineConfig(notely({ free: { limits } }, { paths: { billing: "/app/billing" } }));
    expect(paths).toMatchObject({ billing: "/app/billing", usage: "/usage" });
    expect(navigation.map(({ href }) => href)).toEqual(["/app/billing", "/usage", "/pricing"]);
  });

  test("keeps minor units exact in each currency", () => {
    const monthly = (value: number, currency: string) =>
      plansOf({ free: { limits }, pro: { price: { monthly: money(value, currency) }, limits } }, { currency })?.pro
        ?.price.monthly;
    expect(monthly(19.99, "usd")).toBe(1_999);
    expect(monthly(1.1, "EUR")).toBe(110);
    expect(monthly(500, "jpy")).toBe(500);
    expect(monthly(1.005, "kwd")).toBe(1_005);
  });
});

const problemsOf = (input: unknown): string[] => {
  try {
    defineConfig(input as ConfigInput);
  } catch (error) {
    return String((error as Error).message)
      .split("\n")
      .slice(1);
  }
  return [];
};

describe("a wrong config", () => {
  test("names each unknown name with its path and the nearest valid name, all at once and sorted", () => {
    const pro = { price: { montly: usd(1), monthly: usd(1) }, limits: { note: 1, pages: 2 }, cadance: "daily" };
    expect(
      problemsOf({
        brand: { name: "Notely", support_email: "help@example.com" },
        path: {},
        paths: { signin: "/in", zzz: "/z" },
        products: { notely: { ...notely({ free: { limits }, pro: pro as PlanInput }).products.notely, trial: 1 } },
      }),
    ).toEqual([
      "brand.support_email: there is no such setting. Did you mean supportEmail?",
      "path: there is no such setting. Did you mean paths?",
      "paths.signin: there is no such setting. Did you mean signIn?",
      expect.stringMatching(/^paths\.zzz: there is no such setting\. There are home, signIn, /),
      "products.notely.plans.pro.cadance: there is no such setting. Did you mean cadence?",
      "products.notely.plans.pro.limits.note: there is no such meter. Did you mean notes?",
      "products.notely.plans.pro.limits.pages: there is no such meter. There are ai_summaries, notes.",
      "products.notely.plans.pro.price.montly: there is no such setting. Did you mean monthly?",
      expect.stringMatching(/^products\.notely\.trial: there is no such setting\. There are name, tagline, trialDays/),
    ]);
  });

  test.each<[title: string, input: unknown, problem: string]>([
    ["nothing", undefined, "config: is missing: expected an object"],
    ["a text", "notely", 'config: expected an object, found "notely"'],
    ["no products", { products: {} }, "products: expected at least one product"],
    ["a list of products", { products: [] }, "products: expected an object, found an array"],
    [
      "an unknown currency",
      notely({ free: { limits } }, { currency: "usdd" }),
      "currency: there is no currency usdd. Did you mean usd?",
    ],
    [
      "a locale that is no language",
      notely({ free: { limits } }, { locale: "english!" }),
      'locale: expected a language such as en-GB, found "english!"',
    ],
    [
      "a path with a slash at its end",
      notely({ free: { limits } }, { paths: { api: "/api/" } }),
      'paths.api: expected a path such as /billing, without a slash at its end, found "/api/"',
    ],
    [
      "a path on another host",
      notely({ free: { limits } }, { paths: { billing: "//evil.example" } }),
      'paths.billing: expected a path such as /billing, without a slash at its end, found "//evil.example"',
    ],
    [
      "a script as a link",
      notely({ free: { limits } }, { navigation: [{ name: "X", href: "javascript:alert(1)" }] }),
      'navigation.0.href: expected a path or an https address, found "javascript:alert(1)"',
    ],
    [
      "a wrong identity",
      { ...notely({ free: { limits } }), identify: "clerk" },
      'identify: expected clerk(), supabase(), local() or a function, found "clerk"',
    ],
    [
      "no free plan",
      notely({ pro: { price: { monthly: usd(1) }, limits } }),
      "products.notely.plans: no plan is free: one plan has no price, or the rank 0",
    ],
    [
      "a rank of some plans",
      notely({ free: { limits }, pro: { rank: 1, limits } }),
      "products.notely.plans: some plans have a rank and others have none",
    ],
    [
      "more decimals than the currency has",
      notely({ free: { limits }, pro: { price: { monthly: usd(12.345) }, limits } }),
      "products.notely.plans.pro.price.monthly: expected an amount of at least 0 with at most 2 decimals, found 12.345 usd",
    ],
    [
      "decimals of yen",
      notely({ free: { limits }, pro: { price: { monthly: money(1.5, "jpy") }, limits } }, { currency: "jpy" }),
      "products.notely.plans.pro.price.monthly: expected an amount of at least 0 with at most 0 decimals, found 1.5 jpy",
    ],
    [
      "a negative amount",
      notely({ free: { limits }, pro: { price: { monthly: usd(-1) }, limits } }),
      "products.notely.plans.pro.price.monthly: expected an amount of at least 0 with at most 2 decimals, found -1 usd",
    ],
    [
      "a price in another currency",
      notely({ free: { limits }, pro: { price: { monthly: eur(9) }, limits } }),
      'products.notely.plans.pro.price.monthly: expected usd, the config\'s currency, found 9 eur. To sell in it, set currency: "eur".',
    ],
    [
      "a text as a price",
      notely({ free: { limits }, pro: { price: { monthly: "12" as never }, limits } }),
      'products.notely.plans.pro.price.monthly: expected an amount such as usd(12), or a whole number of minor units, found "12"',
    ],
    [
      "a text as a limit",
      notely({ free: { limits: { notes: "many" as never } } }),
      'products.notely.plans.free.limits.notes: expected a whole number of at least 0, found "many"',
    ],
    [
      "a meter that is a number",
      { products: { notely: { meters: { notes: 5 }, plans: { free: { limits: {} } } } } },
      "products.notely.meters.notes: expected an object, found 5",
    ],
    [
      "plans that are missing",
      { products: { notely: { meters: {} } } },
      "products.notely.plans: is missing: expected an object",
    ],
  ])("%s is refused with its path, the expected and the found value", (_title, input, problem) => {
    expect(problemsOf(input)).toContain(problem);
  });

  test.each<[options: object, problem: string | null]>([
    [{ table: "public.notes", subject: "owner_id" }, null],
    [{ table: "public.notes" }, "products.notely.meters.notes: a gauge with a table needs its subject"],
    [{ subject: "owner_id" }, "products.notely.meters.notes: a gauge with a subject needs its table"],
    [
      { table: "notes; drop", subject: "owner_id" },
      "products.notely.meters.notes.table: expected a table with its schema",
    ],
    [{ tabel: "notes" }, "products.notely.meters.notes.tabel: there is no such setting. Did you mean table?"],
  ])("a gauge with the options %j", (options, problem) => {
    const meters = { notes: gauge("note", "notes", options) };
    const problems = problemsOf({ products: { notely: { meters, plans: { free: { limits: { notes: 1 } } } } } });
    expect(problems).toEqual(problem === null ? [] : [expect.stringContaining(problem)]);
  });
});
