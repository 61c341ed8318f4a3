/** `tollgate/client`: parts for client components. Nothing here reads the database or a secret. */
export { formatCount, formatNumber } from "@/lib/messages/format";
export { button, FIELD } from "@/lib/ui/button";
export { Notice } from "@/lib/ui/notice";
export { RefusalNotice } from "@/lib/ui/tools/refusal-notice";
export { type Refusal, sendJson } from "@/lib/ui/tools/send-json";
export { smallestUpgrade, type UpgradeOptions } from "@/lib/ui/tools/smallest-upgrade";
export { useStreamedRequest } from "@/lib/ui/tools/use-streamed-request";
