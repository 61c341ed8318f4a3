/** Types of the names in the installation's config. */
import type { ConfigInput } from "./config-types";

/**
 * A config registers itself, so that calls with wrong names do not compile:
 * `declare module "tollgate" { interface Register { config: typeof config } }`
 */
// biome-ignore lint/suspicious/noEmptyInterface: configs add themselves to it
export interface Register {}

type Registered = Register[keyof Register];

/** A name in a registered config; any text if none is registered. */
type NameOf<C, Name> = [C] extends [never] ? string : Extract<Name, string>;

type ProductsOf<C> = C extends Pick<ConfigInput, "products"> ? C["products"] : never;
/** Of each product, since an entry of a union has only the keys that all have. */
type EachProduct<C> = ProductsOf<C> extends infer All ? (All extends object ? All[keyof All] : never) : never;
type KeyOf<T> = T extends object ? keyof T : never;
type MetersOf<C> = EachProduct<C> extends infer P ? (P extends { meters: infer M } ? M : never) : never;
type MetersOfKind<M, Kind> = M extends object
  ? { [F in keyof M]: M[F] extends { kind: Kind } ? F : never }[keyof M]
  : never;
type PlansOf<C, P> =
  ProductsOf<C> extends infer All
    ? All extends object
      ? { [Id in keyof All]: Id extends P ? (All[Id] extends { plans: infer L } ? keyof L : never) : never }[keyof All]
      : never
    : never;

/** The names of one config: what `Register` gives for the registered ones. */
export type ProductNameOf<C> = NameOf<C, KeyOf<ProductsOf<C>>>;
export type PlanNameOf<C, P = ProductNameOf<C>> = NameOf<C, PlansOf<C, P>>;
export type CounterNameOf<C> = NameOf<C, MetersOfKind<MetersOf<C>, "counter">>;
export type GaugeNameOf<C> = NameOf<C, MetersOfKind<MetersOf<C>, "gauge">>;

/** A product of a registered config. */
export type ProductName = ProductNameOf<Registered>;
/** A plan of a product of a registered config. */
export type PlanName<P extends ProductName = ProductName> = PlanNameOf<Registered, P>;
/** The field of a charge: a counter of a registered config. */
export type CounterName = CounterNameOf<Registered>;
/** The field of things that exist: a gauge of a registered config. */
export type GaugeName = GaugeNameOf<Registered>;
/** Any meter of a registered config. */
export type FieldName = CounterName | GaugeName;
