/** The allowed imports between the layers, as data. `npm test` checks them. */

export interface ImportRule {
  name: string;
  why: string;
  /** The importing files. */
  from: RegExp;
  /** Forbidden imports: a file by its path in the project, or a package by its name. */
  mayNot: RegExp;
  /** Exceptions from `mayNot`. */
  except?: RegExp;
  /** Also forbids chains through other files of ours. */
  transitive?: boolean;
  /** Only for folders with an index; in a folder without one, each file is public. */
  whereIndexed?: boolean;
}

/** Node's own modules, Postgres, the SDKs with network access, and code that reads the environment. */
const IO =
  /^(node:(?!crypto$)|pg$|pino|stripe$|@paddle\/|@supabase\/|@clerk\/|next($|\/)|lib\/(database|env|identity|observability)(\/|\.))/;
const PURE =
  /^lib\/billing\/(facts|timeline|period|catalog|order|openings|rules|entitlement|history|story|confirmations|counters|ends|transfer|classify|plan-change|hypothetical)\.ts$/;

export const IMPORT_RULES: ImportRule[] = [
  {
    name: "app-by-index",
    why: "app imports a folder of lib by its index: the files behind it may change",
    from: /^(app\/|proxy\.ts$)/,
    mayNot: /^lib\/[^/]+\/.+/,
    except: /^lib\/([^/]+\/(scenarios\/)?index\.tsx?$|ui\/)/,
    whereIndexed: true,
  },
  {
    name: "lib-not-app",
    why: "lib does not depend on the pages and routes that use it",
    from: /^lib\/.*(?<!\.test)\.tsx?$/,
    mayNot: /^(app|scripts|tests|e2e)\//,
  },
  {
    name: "billing-without-next",
    why: "the domain runs without a web framework",
    from: /^lib\/billing\/.*(?<!\.test)\.ts$/,
    mayNot: /^(next|react)($|\/|-)/,
  },
  {
    name: "processors-only",
    why: "only a processor's folder, and its fake in the sandbox, use the processor's SDK",
    from: /^(app|lib)\/(?!billing\/processors\/|sandbox\/).*(?<!\.test)\.tsx?$/,
    mayNot: /^(stripe|@paddle\/paddle-node-sdk)($|\/)/,
  },
  {
    name: "pure",
    why: "facts in, timeline out: no clock, no I/O, so that a property test can run it a million times",
    from: PURE,
    mayNot: IO,
    transitive: true,
  },
  {
    name: "gate-without-cache",
    why: "the gate decides on the database row, never on a cached copy",
    from: /^lib\/usage\/(gate|gate-observer|micro-batcher|batch)\.ts$/,
    mayNot: /^lib\/entitlements(\/|$)/,
  },
  {
    name: "env-only",
    why: "settings are parsed once, in lib/env.ts",
    from: /^lib\/env\.ts$/,
    mayNot: /^lib\/(?!env)/,
  },
];
