/** The origins that a page may load from and connect to: our own, and those of the configured providers. */
import { currentConfig } from "@/lib/config/current-catalog";
import { identityChoice } from "@/lib/config/identity-choice";
import { env } from "@/lib/core/env";

type Directive = "script-src" | "style-src" | "connect-src" | "img-src" | "frame-src" | "worker-src" | "form-action";
type Sources = Partial<Record<Directive, readonly string[]>>;

/**
 * The policy for one response. Scripts run by the nonce, and `strict-dynamic` allows the scripts that they load. Browsers
 * without `strict-dynamic` use the addresses in script-src.
 */
export function contentSecurityPolicy(nonce: string): string {
  const needs = [...neededByBrand(), ...neededByIdentity(nonce), ...neededByProcessors()];
  const extra = (directive: Directive) => [...new Set(needs.flatMap((each) => each[directive] ?? []))];
  // The development server evaluates code and injects styles; a build does neither.
  const development = process.env.NODE_ENV === "development";
  const directives: [name: string, ...values: string[]][] = [
    ["default-src", "'self'"],
    [
      "script-src",
      "'self'",
      `'nonce-${nonce}'`,
      "'strict-dynamic'",
      ...(development ? ["'unsafe-eval'"] : []),
      ...extra("script-src"),
    ],
    ["style-src", "'self'", ...(development ? ["'unsafe-inline'"] : [`'nonce-${nonce}'`]), ...extra("style-src")],
    // For the widths of meters. A style attribute cannot load anything.
    ["style-src-attr", "'unsafe-inline'"],
    ["img-src", "'self'", "data:", ...extra("img-src")],
    ["font-src", "'self'"],
    ["connect-src", "'self'", ...extra("connect-src")],
    ["frame-src", ...orNone(extra("frame-src"))],
    ["worker-src", ...orNone(extra("worker-src"))],
    ["object-src", "'none'"],
    ["base-uri", "'none'"],
    ["form-action", "'self'", ...extra("form-action")],
    ["frame-ancestors", "'none'"],
  ];
  return directives.map((directive) => directive.join(" ")).join("; ");
}

function neededByBrand(): Sources[] {
  const { logo } = currentConfig().brand;
  return logo?.startsWith("https://") ? [{ "img-src": [new URL(logo).origin] }] : [];
}

function neededByIdentity(nonce: string): Sources[] {
  const { clerk } = env();
  if (identityChoice(currentConfig(), env()) !== "clerk") return [];
  const frontend = clerkFrontend(clerk.publishableKey);
  const challenge = "https://challenges.cloudflare.com";
  return [
    {
      "script-src": [...frontend, challenge],
      "style-src": [`'nonce-${nonce}'`],
      "connect-src": frontend,
      "img-src": ["https://img.clerk.com"],
      "frame-src": [challenge],
      "worker-src": ["'self'", "blob:"],
    },
  ];
}

/** A publishable key contains the host of its Clerk instance: `pk_test_` and the base64 of `host$`. */
function clerkFrontend(publishableKey: string | undefined): string[] {
  const encoded = publishableKey?.split("_")[2] ?? "";
  const host = Buffer.from(encoded, "base64").toString("utf8").replace(/\$$/, "");
  return /^[a-z0-9.-]+(:\d+)?$/i.test(host) ? [`https://${host}`] : [];
}

/**
 * Stripe's checkout and portal, to which our forms redirect, and Paddle's overlay, which Paddle.js opens on our page.
 * Paddle publishes no list of hosts; these are the ones in Paddle.js 2.9.
 */
function neededByProcessors(): Sources[] {
  const { stripe, paddle } = env();
  const needs: Sources[] = [];
  if (stripe.secretKey)
    needs.push({
      "script-src": ["https://js.stripe.com"],
      "connect-src": ["https://api.stripe.com"],
      "frame-src": ["https://js.stripe.com", "https://hooks.stripe.com", "https://checkout.stripe.com"],
      "form-action": ["https://checkout.stripe.com", "https://billing.stripe.com"],
    });
  const prefix = paddle.environment === "sandbox" ? "sandbox-" : "";
  if (paddle.clientToken)
    needs.push({
      // Paddle.js has one address; its styles, images and error page have one per environment.
      "script-src": ["https://cdn.paddle.com"],
      "style-src": [`https://${prefix}cdn.paddle.com`],
      "img-src": [`https://${prefix}cdn.paddle.com`],
      "connect-src": [`https://${prefix}checkout-service.paddle.com`, `https://${prefix}create-checkout.paddle.com`],
      "frame-src": [`https://${prefix}buy.paddle.com`, `https://${prefix}cdn.paddle.com`],
    });
  if (paddle.apiKey) needs.push({ "form-action": [`https://${prefix}customer-portal.paddle.com`] });
  return needs;
}

function orNone(values: readonly string[]): readonly string[] {
  return values.length > 0 ? values : ["'none'"];
}
