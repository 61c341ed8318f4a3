/**
 * Where e-mail, chat or a webhook is plugged in: write a `NoticeDelivery` and list it in `DELIVERIES`. The app shows every
 * notice without any of them.
 *
 * ```ts
 * const email: NoticeDelivery = {
 *   name: "email",
 *   async send({ email, words, notice }) {
 *     if (email) await mailer.send({ to: email, subject: words.title, text: words.body, idempotencyKey: keyOf(notice) });
 *   },
 * };
 * ```
 */
import type { Notice } from "@/lib/billing/schemas/notice";
import type { NoticeWords } from "@/lib/messages/notice";

export interface NoticeMessage {
  notice: Notice;
  /** In English, days in UTC. */
  words: NoticeWords;
  /** Where the user can be written to, if the identity provider told us. */
  email: string | null;
}

export interface NoticeDelivery {
  /** How the log names it. */
  name: string;
  /**
   * Sends one notice, at least once: what throws is tried again for a day, by all deliveries. Pass `keyOf(notice)` on to
   * whatever can tell a second time from a first.
   */
  send(message: NoticeMessage): Promise<void>;
}

export const DELIVERIES: readonly NoticeDelivery[] = [];

/** The same for every attempt at one notice, and for no other. */
export function keyOf({ userId, id }: Notice): string {
  return `notice/${userId}/${id}`;
}
