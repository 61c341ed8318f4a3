import type { Gateway } from "@/lib/database";
import { setSingleton } from "@/lib/singleton";

/** Makes this gateway the one that `gateway()` returns. */
export function setProcessGateway(gateway: Gateway): void {
  setSingleton("gateway", gateway);
}
