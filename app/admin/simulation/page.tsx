import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { CATALOG, PRODUCT_IDS } from "@/lib/config";
import { userIdSchema } from "@/lib/core/text";
import { gateway } from "@/lib/database";
import { scenarioList, simulationMode } from "@/lib/sandbox/scenarios";
import { requestLocale } from "@/lib/ui";
import { adminUser } from "@/lib/ui/admin";
import { SimulationForm } from "./_parts/simulation-form";

export const metadata: Metadata = { title: "Simulation" };

const SUGGESTED = 50;

const PLANS = PRODUCT_IDS.flatMap((product) =>
  Object.entries(CATALOG[product].plans)
    .filter(([, { rank }]) => rank > 0)
    .map(([plan, { name }]) => ({ value: `${product}/${plan}`, name: `${CATALOG[product].name} ${name}` })),
);

export default async function SimulationPage({ searchParams }: PageProps<"/admin/simulation">) {
  const user = await adminUser("/admin/simulation");
  const mode = simulationMode();
  if (mode === "off") notFound();
  const { data: userId } = userIdSchema.safeParse((await searchParams).userId);
  const [{ locale }, { users }] = await Promise.all([requestLocale(), gateway().users({}, "", SUGGESTED)]);
  return (
    <>
      <h1 className="font-semibold text-2xl tracking-tight">Simulation</h1>
      <p className="mt-1 max-w-prose text-muted text-sm">
        Sends the events of a scenario through the real webhook path, signed like a processor’s, and compares the result
        with the expected one. {mode === "dry_run" && "Only dry runs are allowed here: on a copy, nothing changes."}
      </p>
      <SimulationForm
        scenarios={scenarioList()}
        plans={PLANS}
        userIds={users.map(({ userId: id }) => id)}
        userId={userId ?? user.id}
        onlyDry={mode === "dry_run"}
        locale={locale}
      />
    </>
  );
}
