export type { Notice } from "@/lib/billing/schemas/notice";
export { type NoticeReading, type NoticeWords, noticeWords } from "@/lib/messages/notice";
export { DELIVERIES, keyOf, type NoticeDelivery, type NoticeMessage } from "./delivery";
export { dismissNotice, noticesOf } from "./notices";
