export type { Notice } from "@/lib/billing/schemas/notice";
export { noticeWords } from "@/lib/messages/notice";
export { DELIVERIES, type NoticeDelivery } from "./delivery";
export { dismissNotice, noticesOf } from "./notices";
