import type { Metadata } from "next";
import { gateway, usageOf } from "tollgate/server";
import { ProductMeters, requestLocale, requirePageUser, upgradeOptions } from "tollgate/ui";
import { chatbotsTable } from "@/app/(product)/chatbots/_lib/chatbots-table";
import { ChatbotsTool } from "./_parts/chatbots-tool";

export const metadata: Metadata = { title: "Chatbots" };

export default async function ChatbotsPage() {
  const user = await requirePageUser("/chatbots");
  const [{ locale }, { now, subscriptions }, chatbots] = await Promise.all([
    requestLocale(),
    usageOf(user.id),
    chatbotsTable(gateway()).list(user.id),
  ]);
  const subscription = subscriptions.find(({ product }) => product === "chatbots");
  return (
    <>
      <h1 className="font-semibold text-2xl tracking-tight">Chatbots</h1>
      <p className="mt-1 text-muted">Assistants that answer for you. Each message to a chatbot counts.</p>
      <div className="mt-6 space-y-8">
        {subscription && <ProductMeters subscription={subscription} now={now} locale={locale} />}
        <section aria-labelledby="yours">
          <h2 id="yours" className="mb-4 font-semibold text-base">
            Your chatbots
          </h2>
          <ChatbotsTool chatbots={chatbots} upgrades={subscription ? upgradeOptions(subscription, locale) : {}} />
        </section>
      </div>
    </>
  );
}
