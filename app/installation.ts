import type { Installation } from "@/lib/ui";

/** The reference app's own pages in the header, and its help after a refusal. */
export const INSTALLATION: Installation = {
  pages: [
    { href: "/billing", name: "Billing" },
    { href: "/usage", name: "Usage" },
    { href: "/chatbots", name: "Chatbots" },
    { href: "/writer", name: "Writer" },
    { href: "/pricing", name: "Plans" },
  ],
  help: { chatbot_limit_exceeded: [{ name: "Go to your chatbots", href: "/chatbots" }] },
};
