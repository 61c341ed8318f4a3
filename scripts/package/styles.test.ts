import { expect, test } from "vitest";
import { scoped, scopedSelectors } from "./styles";

test.each([
  [":root", [".tollgate"]],
  ["body", [".tollgate"]],
  [".flex", [".tollgate.flex", ".tollgate .flex"]],
  ["*", [".tollgate", ".tollgate *"]],
  ["::before", [".tollgate::before", ".tollgate ::before"]],
  ["button", [".tollgate button"]],
  [":focus-visible", [".tollgate :focus-visible"]],
])("%s is limited to the class", (selector, expected) => {
  expect(scopedSelectors(selector)).toEqual(expected);
});

test("layers are removed, and keyframes and nested rules stay", () => {
  const css = scoped(`
    @layer theme, base;
    @layer base { a { color: red } }
    .hover { &:hover { color: blue } }
    @media (min-width: 1px) { .wide { color: green } }
    @keyframes turn { from { opacity: 0 } to { opacity: 1 } }
  `).replace(/\s+/g, " ");
  expect(css).not.toContain("@layer");
  expect(css).toContain(".tollgate a { color: red }");
  expect(css).toContain(".tollgate.hover, .tollgate .hover { &:hover { color: blue } }");
  expect(css).toContain("@media (min-width: 1px) { .tollgate.wide, .tollgate .wide { color: green } }");
  expect(css).toContain("@keyframes turn { from { opacity: 0 } to { opacity: 1 } }");
});
