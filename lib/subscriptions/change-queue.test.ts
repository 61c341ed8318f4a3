import { expect, test } from "vitest";
import { oneAtATime } from "./change-queue";

test("calls with the same key run one after another, also after one that failed; other keys do not wait", async () => {
  const log: string[] = [];
  const call = (key: string, name: string) =>
    oneAtATime(key, async () => {
      log.push(`${name} begins`);
      await Promise.resolve();
      log.push(`${name} ends`);
      if (name === "a1") throw new Error("refused");
      return name;
    });
  const results = await Promise.allSettled([call("a", "a1"), call("a", "a2"), call("b", "b1")]);
  expect(results).toMatchObject([{ status: "rejected" }, { value: "a2" }, { value: "b1" }]);
  expect(log.indexOf("a2 begins")).toBeGreaterThan(log.indexOf("a1 ends"));
  expect(log.indexOf("b1 begins")).toBeLessThan(log.indexOf("a1 ends"));
});
