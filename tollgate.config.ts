/**
 * The reference installation: two products and how they are sold. To change a limit, change its number here and restart; to
 * add a plan, add an entry (CONTRIBUTING.md has the steps). Postgres gets its copy from this file at migration.
 */
import { counter, defineConfig, gauge, usd } from "tollgate";

const config = defineConfig({
  brand: { name: "Tollgate", logo: "/icon.svg" },
  navigation: [
    { href: "/billing", name: "Billing" },
    { href: "/usage", name: "Usage" },
    { href: "/chatbots", name: "Chatbots" },
    { href: "/writer", name: "Writer" },
    { href: "/pricing", name: "Plans" },
  ],
  products: {
    chatbots: {
      tagline: "Build assistants that answer for you",
      trialDays: 14,
      meters: {
        messages_count: counter("message", "messages"),
        chatbots_count: gauge("chatbot", "chatbots", {
          page: "/chatbots",
          table: "tollgate.chatbots",
          subject: "user_id",
        }),
      },
      plans: {
        free: { limits: { messages_count: 100, chatbots_count: 1 } },
        starter: {
          price: { monthly: usd(19), yearly: usd(190) },
          limits: { messages_count: 2_000, chatbots_count: 3 },
        },
        growth: {
          price: { monthly: usd(49), yearly: usd(490) },
          limits: { messages_count: 10_000, chatbots_count: 10 },
        },
        business: {
          price: { monthly: usd(199), yearly: usd(1_990) },
          limits: { messages_count: 100_000, chatbots_count: 999 },
        },
      },
    },
    writer: {
      tagline: "Rewrite any text in the style you need",
      trialDays: 14,
      meters: {
        words_used: counter("word", "words"),
        transformations_used: counter("transformation", "transformations"),
      },
      plans: {
        free: { cadence: "daily", limits: { words_used: 500, transformations_used: 10 } },
        basic: {
          price: { monthly: usd(9.99), yearly: usd(99.9) },
          limits: { words_used: 5_000, transformations_used: 200 },
        },
        plus: {
          price: { monthly: usd(19.99), yearly: usd(199.9) },
          limits: { words_used: 15_000, transformations_used: 600 },
        },
        ultra: {
          price: { monthly: usd(39.99), yearly: usd(399.9) },
          limits: { words_used: 35_000, transformations_used: 2_000 },
        },
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
