/** Parses a form by an endpoint's schema, with Stripe's error messages. */
import type { z } from "zod";
import type { Form } from "./form";
import { invalid } from "./problem";

/** @throws StripeProblem */
export function parsed<T>(schema: z.ZodType<T>, form: Form): T {
  const read = schema.safeParse(form);
  if (read.success) return read.data;
  const { issues } = read.error;
  // A wrong name is the cause of a missing parameter, so it is reported first.
  const issue = issues.find(({ code }) => code === "unrecognized_keys") ?? issues[0];
  if (issue === undefined) throw invalid("The parameters cannot be read.");
  if (issue.code === "unrecognized_keys") {
    const name = bracketed([...issue.path, issue.keys[0] as string]);
    throw invalid(`Received unknown parameter: ${name}`, name, "parameter_unknown");
  }
  const name = bracketed(issue.path);
  if (issue.code === "invalid_type" && issue.input === undefined && !/received (?!undefined)/.test(issue.message)) {
    throw invalid(`Missing required param: ${name}.`, name, "parameter_missing");
  }
  throw invalid(`Invalid ${name}: ${issue.message}`, name);
}

function bracketed([head = "", ...rest]: readonly PropertyKey[]): string {
  return `${String(head)}${rest.map((key) => `[${String(key)}]`).join("")}`;
}
