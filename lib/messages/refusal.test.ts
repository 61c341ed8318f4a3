import { expect, test } from "vitest";
import { refusalText } from "./refusal";

test.each([
  ["Please delete 2 bay(s) to switch to Solo", "Delete 2 bays to switch to Solo."],
  ["Please delete 1 bay(s) to switch to Solo", "Delete 1 bay to switch to Solo."],
  ["You have no Mail subscription to change.", "You have no Mail subscription to change."],
])("%s", (message, text) => expect(refusalText(message)).toBe(text));
