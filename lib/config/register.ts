/** Types of the names in the installation's config. */
import type { Catalog, Meter } from "./catalog";

/**
 * A config registers itself, so that calls with wrong names do not compile:
 * `declare module "@/lib/config/register" { interface Register { reference: typeof config } }`
 */
// biome-ignore lint/suspicious/noEmptyInterface: configs add themselves to it
export interface Register {}

type Registered = Register[keyof Register];
type Fields<C, Kind extends Meter["kind"]> = C extends Catalog
  ? {
      [P in keyof C["products"]]: {
        [F in keyof C["products"][P]["meters"]]: C["products"][P]["meters"][F] extends { kind: Kind } ? F : never;
      }[keyof C["products"][P]["meters"]];
    }[keyof C["products"]]
  : never;
type FieldName<Kind extends Meter["kind"]> = [Registered] extends [never]
  ? string
  : Extract<Fields<Registered, Kind>, string>;

/** The field of a charge: a counter of a registered config, or any name if none is registered. */
export type CounterName = FieldName<"counter">;

/** The field of a gauge, likewise. */
export type GaugeName = FieldName<"gauge">;
