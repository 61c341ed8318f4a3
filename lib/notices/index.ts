export { DELIVERIES, keyOf, type NoticeDelivery, type NoticeMessage } from "./delivery";
export type { Notice } from "./notice";
export { dismissNotice, noticesOf } from "./notices";
export { type NoticeReading, type NoticeWords, noticeWords } from "./words";
