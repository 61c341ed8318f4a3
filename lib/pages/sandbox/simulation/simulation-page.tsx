import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { catalog, paths } from "@/lib/config/current-catalog";
import { PROCESSORS } from "@/lib/config/terms";
import { userIdSchema } from "@/lib/core/text";
import { gateway } from "@/lib/database";
import { scenarioList, simulationMode } from "@/lib/sandbox/scenarios";
import { processorName, requestLocale } from "@/lib/ui";
import { requirePageAdmin } from "@/lib/ui/admin";
import type { PageProps } from "../../page";
import { SimulationForm } from "./simulation-form";

export const metadata: Metadata = { title: "Simulation" };

const SUGGESTED_USERS = 50;

const paidPlans = () =>
  Object.entries(catalog().products).flatMap(([productId, product]) =>
    Object.entries(product.plans)
      .filter(([, { rank }]) => rank > 0)
      .map(([plan, { name }]) => ({ value: `${productId}/${plan}`, name: `${product.name} ${name}` })),
  );

export default async function SimulationPage({ searchParams }: PageProps) {
  const user = await requirePageAdmin(`${paths().admin}/simulation`);
  const mode = simulationMode();
  if (mode === "off") notFound();
  const { data: userId } = userIdSchema.safeParse((await searchParams).userId);
  const [{ locale }, { users }] = await Promise.all([requestLocale(), gateway().users({}, "", SUGGESTED_USERS)]);
  return (
    <>
      <h1 className="font-semibold text-2xl tracking-tight">Simulation</h1>
      <p className="mt-1 max-w-prose text-muted text-sm">
        Sends the signed events of a scenario for one user through the real webhook path, and compares the result with
        the expected one. {mode === "dry_run" && "Only dry runs are allowed here: they use a copy and change nothing."}
      </p>
      <SimulationForm
        scenarios={scenarioList()}
        products={catalog().products}
        plans={paidPlans()}
        processors={PROCESSORS.map((processor) => ({ value: processor, name: processorName(processor) }))}
        userIds={users.map(({ userId: id }) => id)}
        userId={userId ?? user.id}
        onlyDry={mode === "dry_run"}
        locale={locale}
      />
    </>
  );
}
