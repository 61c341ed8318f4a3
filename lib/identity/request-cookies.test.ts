import { expect, test } from "vitest";
import { requestCookies } from "./request-cookies";

const read = (cookie: string) => requestCookies(new Headers({ cookie }));

test("values are decoded, and kept if they cannot be decoded", () => {
  expect(read("a=1; b=x%20y; c=%; d=; without")).toEqual([
    { name: "a", value: "1" },
    { name: "b", value: "x y" },
    { name: "c", value: "%" },
    { name: "d", value: "" },
  ]);
});

test("the first of two cookies with one name counts", () => {
  expect(read("a=closest; a=other")).toEqual([{ name: "a", value: "closest" }]);
});

test("a request without cookies has none", () => expect(requestCookies(new Headers())).toEqual([]));
