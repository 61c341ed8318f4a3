import type { Refusal } from "../tools/send-json";

/**
 * A server action behind a form, so that the form works without script. It redirects when done, and returns a sentence
 * for the user if refused.
 */
export type Action = (previous: Refusal | null, form: FormData) => Promise<Refusal | null>;
