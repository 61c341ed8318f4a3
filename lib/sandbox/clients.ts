/** The product's own clients, connected to the fake processors. */
import { sales } from "@/lib/config/current-catalog";
import { env } from "@/lib/core/env";
import { paddleClient } from "@/lib/processors/paddle/client";
import type { FakeClients } from "@/lib/processors/registry";
import { stripeClient } from "@/lib/processors/stripe/client";
import { withFakeCheckout } from "./paddle";
import { paddleConnection, stripeHttpClient } from "./running";

/** Grants no access: it never leaves this process. */
const STRIPE_KEY = "sk_test_tollgate_sandbox";

export const fakeClients: FakeClients = {
  stripe: (findPrice) =>
    stripeClient({ apiKey: STRIPE_KEY, findPrice, sales: sales(), httpClient: stripeHttpClient() }),
  paddle(findPrice) {
    const { base: baseUrl, apiKey, site } = paddleConnection();
    return withFakeCheckout(paddleClient({ apiKey, environment: env().paddle.environment, baseUrl, findPrice }), site);
  },
};
