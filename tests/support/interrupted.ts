/** Gateways whose calls another process interrupts, or that lack a call. */
import { DatabaseError, type Gateway } from "@/lib/database";

type Method = "receiveWebhookEvent" | "resolveLinks" | "loadLatest" | "loadTimeline" | "commitTimeline";

/** The gateway with `between` done once, after the nth call of a method. */
export function interrupted(gateway: Gateway, method: Method, between: () => Promise<unknown>, nth = 1): Gateway {
  let calls = 0;
  let done: Promise<unknown> | undefined;
  const original = gateway[method] as (...args: unknown[]) => Promise<unknown>;
  return {
    ...gateway,
    [method]: async (...args: unknown[]) => {
      const result = await original(...args);
      calls += 1;
      if (calls >= nth) done ??= between();
      await done;
      return result;
    },
  };
}

/** The gateway of a delivery that is stored first and then read by separate calls. */
export function readingSeparately(gateway: Gateway): Gateway {
  return {
    ...gateway,
    receiveWebhookEvent: () => Promise.reject(new DatabaseError("Only separate calls.", "broken", "")),
  };
}
