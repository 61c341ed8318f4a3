/** Tables of pages: one catch-all page of Next serves several pages. */
import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { ComponentType, ReactNode } from "react";
import { routerOf } from "@/lib/http";

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

export interface Page {
  /** Below the mount: "/", "/change" or "/events/[id]". */
  path: string;
  load: () => Promise<PageModule<PageProps>>;
}

/** One entry of a table. The module's default export is the page. */
export function page<Props>(path: string, load: () => Promise<PageModule<Props>>): Page {
  // The router gives a page exactly the parameters that its path names.
  return { path, load: load as unknown as Page["load"] };
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

/**
 * The page and the metadata of one catch-all segment (`[[...path]]`). An unknown path is 404.
 * @param Frame around each page
 * @param title changes the title of each page
 */
export function servePages(
  table: readonly Page[],
  {
    Frame,
    title = (text) => text,
  }: { Frame?: ComponentType<{ children: ReactNode }>; title?: (text: string) => string } = {},
): ServedPages {
  const router = routerOf(table);
  async function find(params: CatchAllProps["params"]) {
    const found = router.find((await params).path ?? []);
    if (found === null) notFound();
    return { params: Promise.resolve(found.params), ...(await found.entry.load()) };
  }
  return {
    async Pages({ params, searchParams }) {
      const found = await find(params);
      const content = <found.default params={found.params} searchParams={searchParams} />;
      return Frame ? <Frame>{content}</Frame> : content;
    },
    async metadataOf({ params }) {
      const { metadata } = await find(params);
      return { ...metadata, ...(typeof metadata.title === "string" && { title: title(metadata.title) }) };
    },
  };
}
