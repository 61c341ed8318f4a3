import { describe, expectTypeOf, test } from "vitest";
import { counter, defineConfig, gauge, usd } from "@/lib/entries";
import type { changePlan, checkout } from "@/lib/subscriptions";
import type { Charge, usageHistory } from "@/lib/usage";
import type {
  CounterName,
  CounterNameOf,
  FieldName,
  GaugeNameOf,
  PlanName,
  PlanNameOf,
  ProductName,
  ProductNameOf,
} from "./register";

const config = defineConfig({
  products: {
    notely: {
      meters: { ai_summaries: counter("AI summary", "AI summaries"), notes: gauge("note", "notes") },
      plans: { free: { limits: { notes: 1 } }, pro: { price: { monthly: usd(12) }, limits: { notes: 2 } } },
    },
    mailer: {
      meters: { mails: { kind: "counter", label: "Mails", unit: { one: "mail", many: "mails" } } },
      plans: { basic: { limits: { mails: 1 } } },
    },
  },
});
type Config = typeof config;

describe("the types of names", () => {
  test("come from a config", () => {
    expectTypeOf<ProductNameOf<Config>>().toEqualTypeOf<"notely" | "mailer">();
    expectTypeOf<PlanNameOf<Config>>().toEqualTypeOf<"free" | "pro" | "basic">();
    expectTypeOf<PlanNameOf<Config, "notely">>().toEqualTypeOf<"free" | "pro">();
    expectTypeOf<CounterNameOf<Config>>().toEqualTypeOf<"ai_summaries" | "mails">();
    expectTypeOf<GaugeNameOf<Config>>().toEqualTypeOf<"notes">();
  });

  test("are any text without a registered config", () => {
    expectTypeOf<ProductNameOf<never>>().toEqualTypeOf<string>();
    expectTypeOf<PlanNameOf<never>>().toEqualTypeOf<string>();
    expectTypeOf<CounterNameOf<never>>().toEqualTypeOf<string>();
    expectTypeOf<GaugeNameOf<never>>().toEqualTypeOf<string>();
  });

  test("come from the configs that `declare module \"tollgate\"` registers, here Acme's and the reference installation's", () => {
    expectTypeOf<"orders_count">().toExtend<CounterName>();
    expectTypeOf<"bays_count">().not.toExtend<CounterName>();
    expectTypeOf<"words_used">().toExtend<CounterName>();
    expectTypeOf<"depot">().toExtend<ProductName>();
    expectTypeOf<"notely">().not.toExtend<ProductName>();
    expectTypeOf<"silver">().toExtend<PlanName<"mail">>();
    expectTypeOf<"silver">().not.toExtend<PlanName<"depot">>();
  });

  test("are those of the public functions", () => {
    expectTypeOf<Charge["field"]>().toEqualTypeOf<CounterName>();
    expectTypeOf<Parameters<typeof usageHistory>[1]>().toEqualTypeOf<FieldName>();
    for (const input of [{} as Parameters<typeof checkout>[1], {} as Parameters<typeof changePlan>[1]]) {
      expectTypeOf(input.product).toEqualTypeOf<ProductName>();
      expectTypeOf(input.plan).toEqualTypeOf<PlanName>();
    }
  });
});
