"use client";

import { createContext, type ReactNode, useContext } from "react";

export interface PageLink {
  href: string;
  name: string;
}

/** The parts that an installation adds to the components: its own pages, and help links for its own refusals. */
export interface Installation {
  /** The pages in the header, in this order. */
  pages: readonly PageLink[];
  /** Links by the reason of a refusal. */
  help: Readonly<Record<string, readonly PageLink[]>>;
}

const Context = createContext<Installation>({ pages: [], help: {} });

export function InstallationProvider({ children, ...installation }: Installation & { children: ReactNode }) {
  return <Context value={installation}>{children}</Context>;
}

export function useInstallation(): Installation {
  return useContext(Context);
}
