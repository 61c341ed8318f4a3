import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { currentConfig, provideConfig } from "@/lib/config/current-catalog";
import config from "@/tollgate.config";
import { RepairSection } from "./repair-section";

// The forms need the app's router.
vi.mock("next/navigation", () => ({ useRouter: () => ({ refresh: () => undefined }) }));

const { chatbots, writer } = config.products;
const desks = { kind: "gauge" as const, label: "Desks", unit: { one: "desk", many: "desks" } };
const seats = {
  ...desks,
  label: "Seats",
  unit: { one: "seat", many: "seats" },
  table: "public.seats",
  subject: "owner",
};
const before = currentConfig();

beforeAll(() =>
  provideConfig({
    ...config,
    products: { chatbots, writer: { ...writer, meters: { ...writer.meters, desks_count: desks, seats_count: seats } } },
  }),
);
afterAll(() => provideConfig(before));

test("has one form per gauge that counts a table", () => {
  const html = renderToStaticMarkup(createElement(RepairSection, { userId: "demo" }));
  expect([...html.matchAll(/<button[^>]*>(Recount [^<]*)/g)].map(([, label]) => label)).toEqual([
    "Recount chatbots",
    "Recount seats",
  ]);
  expect([...html.matchAll(/name="field"[^>]*value="(\w+)"/g)].map(([, field]) => field)).toEqual([
    "chatbots_count",
    "seats_count",
  ]);
});
