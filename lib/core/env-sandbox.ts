/** The sandbox signs in any visitor, so it runs only on this machine and without settings of a live account. */
import path from "node:path";
import type { Env } from "./env";
import { isLoopbackHost } from "./env-loopback";

const OFF = "TOLLGATE_SANDBOX is for this machine only";

/**
 * One line for each problem, with the names of the variables.
 * @param argv the command line of the server; in production it names the host on which the server listens
 */
export function sandboxProblems(
  env: Env,
  variables: Readonly<Record<string, string | undefined>>,
  argv: readonly string[],
): string[] {
  return [
    ...liveSigns(env).map((variable) => `${OFF}, and ${variable} is of a live account. Unset one of the two.`),
    ...(env.appUrl && !isLoopbackHost(new URL(env.appUrl).hostname)
      ? [`${OFF}, and APP_URL is not an address of this machine. Unset one of the two.`]
      : []),
    ...(variables.NODE_ENV === "production" && !isLoopbackHost(listeningHost(argv, variables.HOSTNAME))
      ? [`${OFF}, and the server would listen on other addresses. Unset it, or start with -H localhost.`]
      : []),
  ];
}

/** The variables that belong to a live account. */
export function liveSigns({ stripe, paddle, clerk }: Env): string[] {
  const signs: [variable: string, live: boolean][] = [
    ["STRIPE_SECRET_KEY", /^[sr]k_(org_)?live_/.test(stripe.secretKey ?? "")],
    ["PADDLE_API_KEY", /^pdl_live_/.test(paddle.apiKey ?? "")],
    ["PADDLE_CLIENT_TOKEN", /^live_/.test(paddle.clientToken ?? "")],
    ["PADDLE_ENVIRONMENT", paddle.environment === "production"],
    ["CLERK_SECRET_KEY", /^sk_live_/.test(clerk.secretKey ?? "")],
    ["CLERK_PUBLISHABLE_KEY", /^pk_live_/.test(clerk.publishableKey ?? "")],
  ];
  return signs.filter(([, live]) => live).map(([variable]) => variable);
}

/** Reads the host as `next start` and the standalone server do. Without a host they listen on all addresses. */
function listeningHost(argv: readonly string[], hostname: string | undefined): string | undefined {
  if (path.basename(argv[1] ?? "") === "server.js") return hostname;
  let host: string | undefined;
  for (const [index, argument] of argv.entries()) {
    const [, inline] = /^(?:--hostname=|-H)(.+)$/.exec(argument) ?? [];
    if (inline !== undefined) host = inline;
    else if (argument === "-H" || argument === "--hostname") host = argv[index + 1];
  }
  return host;
}
