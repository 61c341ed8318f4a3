import type { Refusal } from "../tools/send-json";

/**
 * What a form on a page does: a server action, so that it works without script. Leads elsewhere when it is done;
 * answers with a sentence for a person where it is refused.
 */
export type Action = (previous: Refusal | null, form: FormData) => Promise<Refusal | null>;
