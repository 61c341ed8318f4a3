import { expect, test } from "vitest";
import { refusalText } from "./refusal";

test.each([
  ["Please delete 2 chatbot(s) to switch to Starter", "Delete 2 chatbots to switch to Starter."],
  ["Please delete 1 chatbot(s) to switch to Starter", "Delete 1 chatbot to switch to Starter."],
  ["You have no Writer subscription to change.", "You have no Writer subscription to change."],
])("%s", (message, text) => expect(refusalText(message)).toBe(text));
