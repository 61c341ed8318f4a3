/**
 * The reference installation: two products and how they are sold. To change a limit, change its number here and restart; to
 * add a plan, add an entry (CONTRIBUTING.md has the steps). Postgres gets its copy from this file at migration.
 */
import { defineConfig } from "@/lib/config";

const config = defineConfig({
  sales: { automaticTax: false, taxIds: false, promotionCodes: true },
  products: {
    chatbots: {
      name: "Chatbots",
      tagline: "Build assistants that answer for you",
      trialDays: 14,
      meters: {
        messages_count: { kind: "counter", label: "Messages", unit: { one: "message", many: "messages" } },
        chatbots_count: {
          kind: "gauge",
          label: "Chatbots",
          unit: { one: "chatbot", many: "chatbots" },
          table: "tollgate.chatbots",
          subject: "user_id",
        },
      },
      plans: {
        free: {
          name: "Free",
          rank: 0,
          price: { monthly: 0, yearly: null },
          cadence: "monthly",
          limits: { messages_count: 100, chatbots_count: 1 },
        },
        starter: {
          name: "Starter",
          rank: 1,
          price: { monthly: 1_900, yearly: 19_000 },
          cadence: "billing_period",
          limits: { messages_count: 2_000, chatbots_count: 3 },
        },
        growth: {
          name: "Growth",
          rank: 2,
          price: { monthly: 4_900, yearly: 49_000 },
          cadence: "billing_period",
          limits: { messages_count: 10_000, chatbots_count: 10 },
        },
        business: {
          name: "Business",
          rank: 3,
          price: { monthly: 19_900, yearly: 199_000 },
          cadence: "billing_period",
          limits: { messages_count: 100_000, chatbots_count: 999 },
        },
      },
    },
    writer: {
      name: "Writer",
      tagline: "Rewrite any text in the style you need",
      trialDays: 14,
      meters: {
        words_used: { kind: "counter", label: "Words", unit: { one: "word", many: "words" } },
        transformations_used: {
          kind: "counter",
          label: "Transformations",
          unit: { one: "transformation", many: "transformations" },
        },
      },
      plans: {
        free: {
          name: "Free",
          rank: 0,
          price: { monthly: 0, yearly: null },
          cadence: "daily",
          limits: { words_used: 500, transformations_used: 10 },
        },
        basic: {
          name: "Basic",
          rank: 1,
          price: { monthly: 999, yearly: 9_990 },
          cadence: "billing_period",
          limits: { words_used: 5_000, transformations_used: 200 },
        },
        plus: {
          name: "Plus",
          rank: 2,
          price: { monthly: 1_999, yearly: 19_990 },
          cadence: "billing_period",
          limits: { words_used: 15_000, transformations_used: 600 },
        },
        ultra: {
          name: "Ultra",
          rank: 3,
          price: { monthly: 3_999, yearly: 39_990 },
          cadence: "billing_period",
          limits: { words_used: 35_000, transformations_used: 2_000 },
        },
      },
    },
  },
});

export default config;

declare module "@/lib/config/register" {
  interface Register {
    reference: typeof config;
  }
}
