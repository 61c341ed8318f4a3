/** Every way to write a path that leads to a page or a route. */

/** A page by the names of the files that Next builds of it. Next serves none of them under these. */
export const FILE_FORMS: ((path: string) => string)[] = [
  ".rsc",
  ".txt",
  ".html",
  ".json",
  ".prefetch.rsc",
  ".segment.rsc",
  ".segments/_tree.segment.rsc",
  ".segments/_index.segment.rsc",
  ".segments/__PAGE__.segment.rsc",
  "/index.rsc",
  "/index.txt",
].map((suffix) => (path) => `${path}${suffix}`);

/** Other ways to write a path, and to ask for the parts of a page. */
export const FORMS: [name: string, form: (path: string) => string, headers?: Record<string, string>][] = [
  ["as it is", (path) => path],
  ["//", (path) => `/${path}`],
  ["///", (path) => `//${path}`],
  ["a slash at the end", (path) => `${path}/`],
  ["a dot at the end", (path) => `${path}.`],
  ["an encoded dot at the end", (path) => `${path}%2e`],
  ["a dot segment", (path) => `/.${path}`],
  ["a way back", (path) => `/sign-in/..${path}`],
  ["an encoded way back", (path) => `/sign-in/%2e%2e${path}`],
  ["an encoded letter", (path) => `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`],
  ["encoded twice", (path) => `/%25${path.charCodeAt(1).toString(16)}${path.slice(2)}`],
  ["an encoded slash", (path) => `/%2f${path.slice(1)}`],
  ["a backslash", (path) => `/\\${path.slice(1)}`],
  ["capitals", (path) => path.toUpperCase()],
  ["a null byte", (path) => `${path}%00`],
  ["a semicolon", (path) => `${path};x=1`],
  ["a query", (path) => `${path}?next=/billing&_rsc=1`],
  [".rsc", (path) => `${path}.rsc`],
  [".txt", (path) => `${path}.txt`],
  [".html", (path) => `${path}.html`],
  [".json", (path) => `${path}.json`],
  [".prefetch.rsc", (path) => `${path}.prefetch.rsc`],
  ["the index's file", (path) => `${path}/index.rsc`],
  [".json of old", (path) => `/_next/data/build${path}.json`],
  ["a segment by its file", (path) => `${path}.segments/_tree.segment.rsc`],
  ["a page's segment by its file", (path) => `${path}.segments${path}/__PAGE__.segment.rsc`],
  ["as RSC", (path) => `${path}?_rsc=abcde`, { rsc: "1" }],
  ["as a prefetch", (path) => path, { rsc: "1", "next-router-prefetch": "1" }],
  [
    "as a segment's prefetch",
    (path) => path,
    { rsc: "1", "next-router-prefetch": "1", "next-router-segment-prefetch": "/_tree" },
  ],
  ["as a subrequest of the proxy's", (path) => path, { "x-middleware-subrequest": "proxy:proxy:proxy:proxy:proxy" }],
  [
    "as rewritten",
    (path) => path,
    { "x-rewrite-url": "/sign-in", "x-original-url": "/sign-in", "x-middleware-rewrite": "/sign-in" },
  ],
  ["as invoked by Next", (path) => path, { "x-invoke-path": "/sign-in", "x-matched-path": "/sign-in" }],
];

/** Headers by which a request can name another host than the one it was sent to. */
export const FOREIGN_HOSTS: readonly Record<string, string>[] = [
  {},
  { host: "evil.example" },
  { "x-forwarded-host": "evil.example" },
  { "x-forwarded-host": "evil.example", "x-forwarded-proto": "https" },
  { "x-forwarded-host": "evil.example, localhost" },
  { "x-forwarded-proto": "https" },
  { forwarded: "host=evil.example;proto=https" },
];
