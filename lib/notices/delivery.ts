/**
 * Delivers notices by e-mail, chat or a webhook: write a `NoticeDelivery` and list it in `DELIVERIES`. The app shows all
 * notices also without a delivery.
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
  /** In English, with days in UTC. */
  words: NoticeWords;
  /** The user's address; null if the identity provider did not send one. */
  email: string | null;
}

export interface NoticeDelivery {
  /** Its name in the log. */
  name: string;
  /**
   * Sends one notice, at least once: after an error all deliveries send it again, for a day. Pass `keyOf(notice)` to a
   * service that supports idempotency keys.
   */
  send(message: NoticeMessage): Promise<void>;
}

export const DELIVERIES: readonly NoticeDelivery[] = [];

/** An idempotency key: the same for each attempt at one notice, and different for others. */
export function keyOf({ userId, id }: Notice): string {
  return `notice/${userId}/${id}`;
}
