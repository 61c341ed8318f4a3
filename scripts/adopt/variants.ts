/** The apps to which Tollgate is added. */
export interface Variant {
  name: string;
  /** The folder above `app`. */
  source: "" | "src";
  /** Packages that the app has before. */
  packages: readonly string[];
  /** Variables at the build. */
  env: Readonly<Record<string, string>>;
  /** Whether the app is used in a browser, beside being built. */
  journey: boolean;
}

const PLAIN: Variant = { name: "plain", source: "", packages: [], env: {}, journey: true };

/** `create-next-app` turns on `cacheComponents` in each of them. */
export const VARIANTS: readonly Variant[] = [
  PLAIN,
  { ...PLAIN, name: "src", source: "src", journey: false },
  {
    ...PLAIN,
    name: "clerk",
    packages: ["@clerk/nextjs@7.9.7"],
    env: {
      CLERK_SECRET_KEY: `sk_test_${"x".repeat(40)}`,
      CLERK_PUBLISHABLE_KEY: "pk_test_ZXhhbXBsZS5jbGVyay5hY2NvdW50cy5kZXYk",
    },
    journey: false,
  },
];
