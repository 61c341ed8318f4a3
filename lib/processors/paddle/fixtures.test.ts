import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import type { PaddleObject } from "@/lib/sandbox/event-builders/paddle/events";
import { fixtureEvents } from "@/lib/sandbox/event-builders/paddle/fixture-events";
import { HANDLERS } from "./normalize";

describe("the fixtures", () => {
  const folder = new URL("./fixtures/", import.meta.url);
  const events = fixtureEvents();
  if (process.env.UPDATE_FIXTURES === "1") writeFixtures(folder, events);
  const names = jsonFiles(folder).map((name) => name.replace(/\.json$/, ""));

  test("are the output of the builders (UPDATE_FIXTURES=1 writes them)", () => {
    expect(names.toSorted()).toEqual(Object.keys(events).toSorted());
    for (const name of names) {
      const text = readFileSync(new URL(`${name}.json`, folder), "utf8");
      expect(JSON.parse(text), name).toEqual(events[name]);
    }
  });

  test("have a file for every handled type, named by the type", () => {
    expect(Object.keys(HANDLERS)).toHaveLength(21);
    for (const type of Object.keys(HANDLERS))
      expect(
        names.some((name) => isOf(name, type)),
        type,
      ).toBe(true);
    for (const name of names) expect(isOf(name, String(events[name]?.event_type)), name).toBe(true);
  });
});

function isOf(name: string, type: string): boolean {
  return name === type || name.startsWith(`${type}.`);
}

function jsonFiles(folder: URL): string[] {
  return existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
}

function writeFixtures(folder: URL, events: Record<string, PaddleObject>): void {
  mkdirSync(folder, { recursive: true });
  for (const name of jsonFiles(folder)) rmSync(new URL(name, folder));
  for (const [name, event] of Object.entries(events)) {
    writeFileSync(new URL(`${name}.json`, folder), `${JSON.stringify(event, null, 2)}\n`);
  }
}
