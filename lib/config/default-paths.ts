import type { Paths } from "./config-types";

/** The paths of an installation that names none. */
export const DEFAULT_PATHS: Paths = {
  home: "/",
  signIn: "/sign-in",
  signUp: "/sign-up",
  signOut: "/sign-out",
  confirm: "/confirm",
  account: "/account",
  billing: "/billing",
  usage: "/usage",
  pricing: "/pricing",
  checkout: "/checkout",
  admin: "/admin",
  sandbox: "/sandbox",
  api: "/api",
};
