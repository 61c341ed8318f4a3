import type { Installation } from "tollgate/ui";

/** The reference app's pages in the header, and its help links for its own refusals. */
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
