import type { Installation } from "tollgate/ui";

/** Links that help with the reference app's own refusals. */
export const HELP: Installation["help"] = {
  chatbot_limit_exceeded: [{ name: "Go to your chatbots", href: "/chatbots" }],
};
