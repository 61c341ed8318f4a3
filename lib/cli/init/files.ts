/** The files that `tollgate init` writes. */
import path from "node:path";
import type { Project, SignIn } from "./project";

export interface PlannedFile {
  /** Relative to the app's folder, with slashes. */
  path: string;
  content: string;
}

/** Each file is new: an existing one stays as it is. */
export function plannedFiles({ source, signIn }: Project): PlannedFile[] {
  const inSource = (file: string) => path.posix.join(source, file);
  return [
    { path: "tollgate.config.ts", content: configFile(signIn) },
    { path: inSource("app/api/tollgate/[...path]/route.ts"), content: ROUTE },
    { path: inSource("app/billing/[[...path]]/page.tsx"), content: pageFile("BillingPages", "Billing") },
    { path: inSource("app/pricing/[[...path]]/page.tsx"), content: pageFile("PricingPages", "Plans") },
    { path: inSource("instrumentation.ts"), content: instrumentationFile(source) },
  ];
}

/** The lines that an existing `instrumentation.ts` needs. */
export function instrumentationFile(source: Project["source"]): string {
  return `import { register as start } from "tollgate/instrumentation";
import config from "${source === "" ? "./" : "../"}tollgate.config";

export { onRequestError } from "tollgate/instrumentation";

export const register = () => start({ config });
`;
}

const ROUTE = `import { handlers } from "tollgate/next";

export const { GET, POST, PUT, PATCH, DELETE, OPTIONS } = handlers;
`;

/** In a Suspense, since an app with \`cacheComponents\` prerenders the rest of the page. */
function pageFile(component: string, title: string): string {
  return `import { Suspense } from "react";
import { ${component}, type CatchAllProps } from "tollgate/ui";
import "tollgate/styles.css";

export const metadata = { title: "${title}" };

export default function Page(props: CatchAllProps) {
  return (
    <Suspense>
      <${component} {...props} />
    </Suspense>
  );
}
`;
}

function configFile(signIn: SignIn): string {
  const preset = signIn === "clerk" || signIn === "supabase" ? signIn : null;
  const imports = ["counter", "defineConfig", "gauge", "pathsBelow", "usd", ...(preset ? [preset] : [])].sort();
  return `import { ${imports.join(", ")} } from "tollgate";

const config = defineConfig({
${identify(signIn)}  paths: pathsBelow("/billing"),
  navigation: [],
  products: {
    app: {
      name: "My app",
      meters: {
        requests: counter("request", "requests"),
        projects: gauge("project", "projects"),
      },
      plans: {
        free: { limits: { requests: 20, projects: 3 } },
        pro: { price: { monthly: usd(12), yearly: usd(120) }, limits: { requests: 2_000, projects: 100 } },
      },
    },
  },
});

export default config;

declare module "tollgate" {
  interface Register {
    config: typeof config;
  }
}
`;
}

function identify(signIn: SignIn): string {
  if (signIn === "clerk" || signIn === "supabase") return `  identify: ${signIn}(),\n`;
  if (signIn === "better-auth")
    return `  identify: async (request) => {
    const { auth } = await import("@/lib/auth");
    const session = await auth.api.getSession({ headers: request.headers });
    return session && { userId: session.user.id, email: session.user.email, name: session.user.name };
  },
`;
  if (signIn === "authjs")
    return `  identify: async () => {
    const { auth } = await import("@/auth");
    const session = await auth();
    return session?.user?.id ? { userId: session.user.id, email: session.user.email, name: session.user.name } : null;
  },
`;
  return "";
}
