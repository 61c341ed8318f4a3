import type { ReactNode } from "react";
import { currentConfig } from "@/lib/config/current-catalog";
import { type Installation, InstallationProvider } from "./installation";

interface ConfigProviderProps {
  /** Links that help with the installation's own refusals, by their reason. */
  help?: Installation["help"];
  children: ReactNode;
}

/** Passes the config's brand, paths and navigation to the components in the browser. */
export function ConfigProvider({ help = {}, children }: ConfigProviderProps) {
  const { brand, paths, navigation } = currentConfig();
  return (
    <InstallationProvider brand={brand} paths={paths} navigation={navigation} help={help}>
      {children}
    </InstallationProvider>
  );
}
