/** The names of the installation's config, as types. */
import type { Catalog } from "./catalog";

/**
 * A config adds itself, so that wrong names in calls do not compile:
 * `declare module "@/lib/config/register" { interface Register { reference: typeof config } }`
 */
// biome-ignore lint/suspicious/noEmptyInterface: configs add themselves to it
export interface Register {}

type Registered = Register[keyof Register];
type Counters<C> = C extends Catalog
  ? {
      [P in keyof C["products"]]: {
        [F in keyof C["products"][P]["meters"]]: C["products"][P]["meters"][F] extends { kind: "counter" } ? F : never;
      }[keyof C["products"][P]["meters"]];
    }[keyof C["products"]]
  : never;

/** A field that calls charge: a counter of a registered config, or any name if none is registered. */
export type CounterName = [Registered] extends [never] ? string : Extract<Counters<Registered>, string>;
