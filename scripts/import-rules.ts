/** The layers of `lib`, and further rules of who may import whom, as data. Checked by `npm test`. */

/**
 * Each folder of `lib`, in the order of the layers: a folder imports only folders above it, less those that `not` names.
 * `lib/README.md` shows the same in a picture.
 */
export const LAYERS: readonly { folder: string; only?: readonly string[]; not?: readonly string[] }[] = [
  { folder: "core" },
  { folder: "config" },
  { folder: "billing" },
  { folder: "messages" },
  { folder: "database", only: ["core", "config", "billing"] },
  { folder: "processors", only: ["core", "config", "billing"] },
  { folder: "http", only: ["core", "config", "database"] },
  { folder: "rate-limit", only: ["core", "database", "http"] },
  { folder: "webhooks", not: ["messages"] },
  { folder: "subscriptions", not: ["messages", "http"] },
  { folder: "usage", only: ["core", "config", "billing", "database"] },
  { folder: "entitlements", only: ["core", "config", "billing", "database"] },
  { folder: "identity", only: ["core", "config", "database", "http", "rate-limit"] },
  { folder: "api", not: ["messages", "webhooks", "subscriptions"] },
  { folder: "notices", not: ["http"] },
  { folder: "account" },
  { folder: "monitoring", not: ["http"] },
  { folder: "jobs", not: ["http", "identity"] },
  { folder: "admin", not: ["http"] },
  { folder: "routes", not: ["messages"] },
  { folder: "sandbox", not: ["routes"] },
  { folder: "ui", not: ["sandbox", "routes"] },
  { folder: "pages", not: ["routes"] },
  { folder: "server" },
  { folder: "local", only: ["core", "config", "database", "server"] },
  { folder: "entries", not: ["local"] },
  { folder: "cli", not: ["sandbox", "ui"] },
];

export interface ImportRule {
  name: string;
  why: string;
  /** Files that the rule is about. */
  from: RegExp;
  /** The imports that they may not have: a file by its path in the project, or a package by its name. */
  mayNot: RegExp;
  /** Exceptions from `mayNot`. */
  except?: RegExp;
  /** Also not by way of another file of ours. */
  transitive?: boolean;
  /** Only files that begin with "use client". */
  inBrowser?: boolean;
  /** Imports of types count too. */
  types?: boolean;
}

/** Modules that do I/O: those of Node, Postgres, Next and the SDKs, and the folders of lib that read the environment. */
const IO =
  /^(node:(?!crypto$)|pg$|pino|stripe$|@paddle\/|@supabase\/|@clerk\/|next($|\/)|lib\/(database|identity|core\/(env|observability))(\/|\.))/;

/** One rule per layer: its folder imports the layers before it, except those that it excludes. */
function layerRules(): ImportRule[] {
  const folders = LAYERS.map(({ folder }) => folder);
  return LAYERS.map(({ folder, only, not = [] }, index): ImportRule => {
    const allowed = (only ?? folders.slice(0, index)).filter((each) => !not.includes(each));
    const refused = folders.filter((each) => each !== folder && !allowed.includes(each));
    return {
      name: `layer-${folder}`,
      why: `lib/${folder} imports ${allowed.length === 0 ? "no other folder of lib" : allowed.join(", ")} only`,
      from: new RegExp(`^lib/${folder}/(?!.*\\.test\\.tsx?$)`),
      mayNot: new RegExp(`^lib/(${refused.join("|")})/`),
      types: true,
    };
  });
}

export const IMPORT_RULES: ImportRule[] = [
  ...layerRules(),
  {
    name: "app-by-entries",
    why: "an app imports the package by its entries, like every adopter's app",
    from: /^(app\/|proxy\.ts$|instrumentation\.ts$)(?!.*\.test\.tsx?$)/,
    mayNot: /^lib\/(?!entries\/)/,
    types: true,
  },
  {
    name: "rules-without-current-catalog",
    why: "rules get the product or the price as an argument: the process's catalog is for what uses the rules",
    from: /^lib\/(billing\/(?!schemas\/)|processors\/(stripe|paddle)\/)(?!.*\.test\.ts$)/,
    mayNot: /^lib\/config\/(current-catalog|schemas|index)\.ts$/,
  },
  {
    name: "browser-without-current-catalog",
    why: "the catalog is provided on the server; a client component gets its part as a property",
    from: /^(app|lib)\/.*\.tsx$/,
    mayNot: /^lib\/config\/current-catalog\.ts$/,
    transitive: true,
    inBrowser: true,
  },
  {
    name: "lib-not-app",
    why: "lib does not know the pages and routes that use it",
    from: /^lib\/.*(?<!\.test)\.tsx?$/,
    mayNot: /^(app|scripts|tests|e2e)\//,
  },
  {
    name: "domain-without-next",
    why: "the domain runs without a web framework",
    from: /^lib\/(core|config|billing|messages|database|processors|webhooks|subscriptions|usage)\/.*(?<!\.test)\.ts$/,
    mayNot: /^(next|react)($|\/|-)/,
  },
  {
    name: "processors-only",
    why: "a processor's SDK stays behind the processor interface and in the sandbox",
    from: /^(app|lib)\/(?!processors\/|sandbox\/).*(?<!\.test)\.tsx?$/,
    mayNot: /^(stripe|@paddle\/paddle-node-sdk)($|\/)/,
  },
  {
    name: "statuses-in-http",
    why: "the domain names problems, and only lib/http knows their statuses",
    from: /^(app|lib)\/(?!http\/).*(?<!\.test)\.tsx?$/,
    mayNot: /^lib\/http\/statuses\.ts$/,
  },
  {
    name: "pure",
    why: "facts in, timeline out: no clock, no I/O, so that a property test can run it a million times",
    from: /^lib\/(billing|config|messages)\/.*(?<!\.test)\.ts$/,
    mayNot: IO,
    except: /^lib\/core\/text\.ts$/,
    transitive: true,
  },
  {
    name: "gate-without-cache",
    why: "the row itself decides whether something may be used, never a cached copy",
    from: /^lib\/usage\//,
    mayNot: /^lib\/entitlements(\/|$)/,
  },
  {
    name: "no-event-builders",
    why: "production code imports neither the sandbox nor its event builders",
    from: /^lib\/(?!sandbox\/|server\/|pages\/sandbox\/).*(?<!\.test)\.tsx?$/,
    mayNot: /^lib\/sandbox\//,
    types: true,
  },
  {
    name: "links-prefetch-late",
    why: "Next's link prefetches each visible page; ours waits until the user points at it",
    from: /^(app|lib)\/(?!ui\/link\.tsx$).*$/,
    mayNot: /^next\/link$/,
  },
];
