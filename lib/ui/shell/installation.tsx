"use client";

import { createContext, type ReactNode, useContext } from "react";

export interface PageLink {
  href: string;
  name: string;
}

/** What an installation adds to the components: its own pages, and links that help after its own refusals. */
export interface Installation {
  /** The pages of the header, in their order. */
  pages: readonly PageLink[];
  /** By the reason of a refusal. */
  help: Readonly<Record<string, readonly PageLink[]>>;
}

const Context = createContext<Installation>({ pages: [], help: {} });

export function InstallationProvider({ children, ...installation }: Installation & { children: ReactNode }) {
  return <Context value={installation}>{children}</Context>;
}

export function useInstallation(): Installation {
  return useContext(Context);
}
