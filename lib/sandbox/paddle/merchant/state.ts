/** Our own account at the fake Paddle: plain JSON in the form of Paddle's answers. */
import { randomBytes } from "node:crypto";
import type { INotificationSettingsResponse, IPriceResponse, IProductResponse } from "@paddle/paddle-node-sdk";
import type { z } from "zod";

export type Setting = INotificationSettingsResponse;

export interface Merchant {
  sequence: number;
  products: IProductResponse[];
  prices: IPriceResponse[];
  settings: Setting[];
}

export const EMPTY: Merchant = { sequence: 0, products: [], prices: [], settings: [] };

/** A request to the merchant's own objects. */
export interface MerchantEndpoint<Params = unknown> {
  method: "GET" | "POST" | "PATCH";
  /** `:id` stands for one path segment. */
  path: string;
  params: z.ZodType<Params>;
  /** Returns the entity or a list. If it throws a PaddleProblem, nothing changes. */
  run: (state: Merchant, params: Params, context: { id: string; now: number }) => object;
  status?: 201;
}

/** Keeps the parameters' type between `params` and `run`. */
export function merchantEndpoint<Params>(spec: MerchantEndpoint<Params>): MerchantEndpoint {
  return spec as unknown as MerchantEndpoint;
}

/** 26 characters after the prefix, like Paddle's. */
export function nextId(state: Merchant, prefix: string): string {
  state.sequence += 1;
  return `${prefix}_01merchant${state.sequence.toString(36).padStart(16, "0")}`;
}

export function newSecret(): string {
  return `pdl_ntfset_${randomBytes(20).toString("hex")}`;
}
