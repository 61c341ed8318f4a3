/** Records each call of the processors' SDKs with its arguments, and each HTTP exchange that the call led to. */
import { AsyncLocalStorage } from "node:async_hooks";
import type { Processor } from "@/lib/billing/types";

export interface Exchange {
  method: string;
  /** With the query. */
  url: string;
  /** The JSON body of a request to Paddle; Stripe's are forms, which the arguments of the call describe. */
  body: unknown;
  status: number;
  answer: unknown;
}

export interface Call {
  processor: Processor;
  /** As in the SDK: `subscriptions.update`. */
  method: string;
  args: unknown[];
  exchanges: Exchange[];
}

export interface RecordedEvent {
  processor: Processor;
  body: unknown;
}

/** Those that sent something, in the order in which they began to. */
export const calls: Call[] = [];

const running = new AsyncLocalStorage<Call>();

export function recordExchange(exchange: Exchange): void {
  const call = running.getStore();
  if (call === undefined) return;
  if (call.exchanges.length === 0) calls.push(call);
  call.exchanges.push(exchange);
}

/** The same SDK; the calls of its resources are recorded. */
export function recording<Sdk extends object>(processor: Processor, sdk: Sdk, path: readonly string[] = []): Sdk {
  return new Proxy(sdk, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof name === "symbol" || name.startsWith("_")) return value;
      if (typeof value === "function" && path.length > 0)
        return (...args: unknown[]) =>
          record({ processor, method: [...path, name].join("."), args }, target, value as Method);
      if (isResource(value)) return recording(processor, value, [...path, name]);
      return value;
    },
  });
}

/** Resources and their groups are instances of classes; settings are plain objects. */
function isResource(value: unknown): value is object {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return false;
  return Object.getPrototypeOf(value) !== Object.prototype;
}

type Method = (this: object, ...args: unknown[]) => unknown;

function record({ args, ...of }: Omit<Call, "exchanges">, target: object, method: Method): unknown {
  // The SDK may change its arguments.
  const call: Call = { ...of, args: structuredClone(args), exchanges: [] };
  const result = running.run(call, () => method.apply(target, args));
  // Paddle's lists send nothing before `next`.
  if (typeof result === "object" && result !== null && "next" in result && "hasMore" in result)
    return new Proxy(result, {
      get(list, name) {
        const value = Reflect.get(list, name, list);
        if (typeof value !== "function") return value;
        return (...rest: unknown[]) => running.run(call, () => value.apply(list, rest));
      },
    });
  return result;
}

type Constructor = abstract new (...args: never[]) => object;

/** The same class; its instances record. */
export function recordingClass<Sdk extends Constructor>(processor: Processor, sdk: Sdk): Sdk {
  return new Proxy(sdk, {
    construct: (target, args, newTarget) => recording(processor, Reflect.construct(target, args, newTarget) as object),
  });
}

/** `fetch` that records the exchanges of recorded calls. */
export function recordingFetch(original: typeof fetch): typeof fetch {
  return async (input, init) => {
    const response = await original(input, init);
    if (running.getStore() === undefined) return response;
    const text = await response.clone().text();
    recordExchange({
      method: init?.method ?? "GET",
      url: String(input instanceof Request ? input.url : input),
      body: jsonOf(init?.body),
      status: response.status,
      answer: text === "" ? undefined : JSON.parse(text),
    });
    return response;
  };
}

function jsonOf(body: unknown): unknown {
  return typeof body === "string" && body.startsWith("{") ? JSON.parse(body) : undefined;
}
