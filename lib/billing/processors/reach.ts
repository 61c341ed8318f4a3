import { env } from "@/lib/env";
import { type Price, priceLists } from "../catalog";
import type { Processor } from "../facts";
import type { ProcessorClient } from "./client";

/** A processor that can be asked, and the ids of what is sold there. */
export interface Reached {
  client: ProcessorClient;
  sold: (price: Price) => string | undefined;
}

/** How a processor is reached; undefined where its key is not set. Its SDK is loaded only then. */
export async function reach(processor: Processor): Promise<Reached | undefined> {
  const { paddle, sandbox } = env();
  if (processor !== "paddle" || paddle.apiKey === undefined) return undefined;
  const { find: findPrice, sold } = priceLists("paddle", process.env, { sandbox });
  const { paddleClient } = await import("./paddle/client");
  const { apiKey, environment } = paddle;
  return { client: paddleClient({ apiKey, environment, findPrice }), sold };
}
