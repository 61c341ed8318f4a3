/** Tables of pages: one catch-all page of Next serves several pages. */
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { ComponentType, ReactNode } from "react";
import { routerOf } from "@/lib/http";
import { GuestFrame } from "@/lib/ui";

export type SearchParams = Promise<Record<string, string | string[] | undefined>>;

/** @template Name the parameters that the page's path names; their values are encoded as in the address */
export interface PageProps<Name extends string = string> {
  params: Promise<Readonly<Record<Name, string>>>;
  searchParams: SearchParams;
}

interface PageModule<Props> {
  default: (props: Props) => ReactNode | Promise<ReactNode>;
  metadata: Metadata;
}

interface PageOptions {
  /** Around the page. */
  Frame?: ComponentType<{ children: ReactNode }>;
  /** Changes the title of the page. */
  title?: (text: string) => string;
}

export interface Page extends PageOptions {
  /** Below the mount: "/", "/change" or "/events/[id]". */
  path: string;
  load: () => Promise<PageModule<PageProps>>;
}

/** One entry of a table. The module's default export is the page. */
export function page<Props>(path: string, load: () => Promise<PageModule<Props>>, options: PageOptions = {}): Page {
  // The router gives a page exactly the parameters that its path names.
  return { path, load: load as unknown as Page["load"], ...options };
}

/** The properties that Next gives to the page of an optional catch-all segment named `path`. */
export interface CatchAllProps {
  params: Promise<{ path?: string[] }>;
  searchParams: SearchParams;
}

interface ServedPages {
  Pages: (props: CatchAllProps) => Promise<ReactNode>;
  metadataOf: (props: CatchAllProps) => Promise<Metadata>;
}

/** The page and the metadata of one catch-all segment (`[[...path]]`). An unknown path is 404. */
export function servePages(table: readonly Page[]): ServedPages {
  const router = routerOf(table);
  async function find(params: CatchAllProps["params"]) {
    const found = router.find((await params).path ?? []);
    if (found === null) notFound();
    return { params: Promise.resolve(found.params), entry: found.entry, module: await found.entry.load() };
  }
  return {
    async Pages({ params, searchParams }) {
      const { entry, module, params: values } = await find(params);
      const content = <module.default params={values} searchParams={searchParams} />;
      return <GuestFrame>{entry.Frame ? <entry.Frame>{content}</entry.Frame> : content}</GuestFrame>;
    },
    async metadataOf({ params }) {
      const { entry, module } = await find(params);
      const { title } = module.metadata;
      return { ...module.metadata, ...(entry.title && typeof title === "string" && { title: entry.title(title) }) };
    },
  };
}
