/** Parses input by a schema, and names the first wrong field. */
import type { ZodError, z } from "zod";
import { DomainError } from "./domain-error";
import { log } from "./observability";

/** @throws DomainError bad_input with the first wrong field */
export function parse<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw badInput(parsed.error);
}

function badInput({ issues }: ZodError): DomainError {
  const [issue] = issues;
  const field = issue?.code === "unrecognized_keys" ? issue.keys[0] : issue?.path.join(".");
  const text = issue?.code === "unrecognized_keys" ? "is not known here" : (issue?.message ?? "is wrong");
  const params = issue?.code === "custom" ? issue.params : undefined;
  if (params?.unusableText) log.info({ field }, "Refused text with unusable characters");
  const reason = params?.reason;
  return new DomainError(
    "bad_input",
    typeof reason === "string" ? reason : "bad_input",
    `${field || "The body"}: ${text}`,
    field ? { field } : {},
  );
}
