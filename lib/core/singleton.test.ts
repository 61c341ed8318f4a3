import { expect, test, vi } from "vitest";

async function copyOfModule() {
  vi.resetModules();
  return import("./singleton");
}

test("copies of the module share a value, which is created once", async () => {
  const create = vi.fn(() => ({}));
  const first = (await copyOfModule()).singleton("test-shared", create);
  expect((await copyOfModule()).singleton("test-shared", create)).toBe(first);
  expect(create).toHaveBeenCalledOnce();
});

test("an undefined value is created once", async () => {
  const { singleton } = await copyOfModule();
  const create = vi.fn(() => undefined);
  singleton("test-undefined", create);
  singleton("test-undefined", create);
  expect(create).toHaveBeenCalledOnce();
});

test("after a failed creation the next call creates the value", async () => {
  const { singleton } = await copyOfModule();
  const fail = () => {
    throw new Error("not yet");
  };
  expect(() => singleton("test-failed", fail)).toThrow("not yet");
  expect(singleton("test-failed", () => 1)).toBe(1);
});

test("all copies read a replaced value", async () => {
  (await copyOfModule()).setSingleton("test-replaced", 2);
  expect((await copyOfModule()).singleton("test-replaced", () => 1)).toBe(2);
});
