import type { Path, Paths } from "./config-types";

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

/**
 * The paths of an app that mounts all pages by one catch-all page (`BillingPages`), except the plans.
 * @param billing the path of that page: `/billing` has its page of usage at `/billing/usage`
 * @param others paths of pages that the app has itself, and the path of the API
 */
export function pathsBelow(billing: Path, others: Readonly<Partial<Paths>> = {}): Paths {
  return {
    home: "/",
    billing,
    pricing: "/pricing",
    api: "/api/tollgate",
    signIn: `${billing}/sign-in`,
    signUp: `${billing}/sign-up`,
    signOut: `${billing}/sign-out`,
    confirm: `${billing}/confirm`,
    account: `${billing}/account`,
    usage: `${billing}/usage`,
    checkout: `${billing}/checkout`,
    admin: `${billing}/admin`,
    sandbox: `${billing}/sandbox`,
    ...others,
  };
}
