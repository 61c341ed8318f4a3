import { setSingleton } from "@/lib/core/singleton";
import type { Gateway } from "@/lib/database";

/** Makes this gateway the one that `gateway()` returns. */
export function setProcessGateway(gateway: Gateway): void {
  setSingleton("gateway", gateway);
}
