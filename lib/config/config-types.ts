/** The types of a config: as people write it, and as the code reads it. */
import type { Catalog, Meter, Plan, Product, Sales } from "./catalog";
import type { Identify, IdentityPreset } from "./identify";
import type { Money } from "./money";
import type { Cadence, Interval } from "./terms";

export interface PlanInput {
  /** From the id by default: `pro` is "Pro". */
  name?: string;
  /** Higher is better; 0 is free. By default the first plan without a price is free, and the others follow their order. */
  rank?: number;
  /** An amount, or minor units of the config's currency. Absent for the free plan, and for a plan that is not sold. */
  price?: { readonly [I in Interval]?: Money | number | null };
  /** `billing_period` by default; `monthly` for the free plan. */
  cadence?: Cadence;
  /** Limits are for each unit of the subscription's quantity (seats). */
  perQuantity?: boolean;
  /** The limit of each meter in one window. */
  limits: Readonly<Record<string, number>>;
}

export interface ProductInput {
  /** From the id by default. */
  name?: string;
  tagline?: string;
  /** The length of a first subscription's trial in days; absent if there is no trial. */
  trialDays?: number;
  meters: Readonly<Record<string, Meter>>;
  plans: Readonly<Record<string, PlanInput>>;
}

export interface PageLink {
  href: string;
  name: string;
}

export interface Brand {
  name: string;
  /** The path or https address of an image; the name alone is shown without one. */
  logo?: string;
  supportEmail?: string;
}

/** From the root of the site, without a slash at its end. */
export type Path = `/${string}`;

/** The paths of the pages, and of the routes (`api`). Pages of one subject are below its path: `/billing/change`. */
export interface Paths {
  home: Path;
  signIn: Path;
  signUp: Path;
  signOut: Path;
  confirm: Path;
  account: Path;
  billing: Path;
  usage: Path;
  pricing: Path;
  checkout: Path;
  admin: Path;
  sandbox: Path;
  api: Path;
}

export interface ConfigInput {
  /** By default the environment's keys choose: Clerk, Supabase Auth, or in the sandbox `local()`. */
  identify?: IdentityPreset | Identify | null;
  /** The first product's name by default. */
  brand?: Readonly<Brand>;
  paths?: Readonly<Partial<Paths>>;
  /** The links of the header: by default billing, usage and plans. If it is empty, pages have no header: the app has its own. */
  navigation?: readonly Readonly<PageLink>[];
  /** BCP 47 tag: the formats of numbers and dates if the visitor's browser names no language. */
  locale?: string;
  /** ISO 4217 code of all prices; "usd" by default. */
  currency?: string;
  sales?: Readonly<Partial<Sales>>;
  products: Readonly<Record<string, ProductInput>>;
}

/** The settings of an installation beside its catalog. */
export interface Settings {
  identify: IdentityPreset | Identify | null;
  brand: Brand;
  paths: Paths;
  navigation: readonly PageLink[];
  locale: string;
}

/** A checked config with its defaults. */
export interface Config extends Catalog, Settings {}

/** A config with the names of its products, plans and meters as types. */
export type ConfigOf<C extends ConfigInput> = Omit<Config, "products"> & {
  products: {
    [P in keyof C["products"]]: Omit<Product, "meters" | "plans"> & {
      meters: {
        [F in keyof C["products"][P]["meters"]]: Meter & { kind: C["products"][P]["meters"][F]["kind"] };
      };
      plans: {
        [L in keyof C["products"][P]["plans"]]: Omit<Plan, "limits"> & {
          limits: { [F in keyof C["products"][P]["plans"][L]["limits"]]: number };
        };
      };
    };
  };
};
