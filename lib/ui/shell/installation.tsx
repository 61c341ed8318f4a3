"use client";

import { createContext, type ReactNode, useContext } from "react";
import type { Brand, PageLink, Paths } from "@/lib/config/config-types";
import { DEFAULT_PATHS } from "@/lib/config/default-paths";

/** The parts of an installation that components in the browser need. `ConfigProvider` takes them from the config. */
export interface Installation {
  brand: Brand;
  paths: Paths;
  /** The links of the header, in this order. */
  navigation: readonly PageLink[];
  /** Links that help with the installation's own refusals, by their reason. */
  help: Readonly<Record<string, readonly PageLink[]>>;
}

const Context = createContext<Installation>({ brand: { name: "" }, paths: DEFAULT_PATHS, navigation: [], help: {} });

export function InstallationProvider({ children, ...installation }: Installation & { children: ReactNode }) {
  return <Context value={installation}>{children}</Context>;
}

export function useInstallation(): Installation {
  return useContext(Context);
}
