import { planName, product as productOf } from "@/lib/config/current-catalog";
import { processorName } from "@/lib/messages/plan";
import { unsoldPlans } from "@/lib/processors";
import { Cell, Section, Table } from "./table";

/** The plans that the pricing page does not offer, since a configured processor has no price for them. */
export async function UnsoldPlans() {
  const plans = await unsoldPlans();
  if (plans.length === 0) return null;
  return (
    <Section id="unsold" title="Not offered: no price at the processor">
      <Table caption="Plans without a price" head={["Processor", "Product", "Plan", "Billed"]}>
        {plans.map(({ processor, product, plan, intervals }) => (
          <tr key={`${processor}/${product}/${plan}`}>
            <Cell>{processorName(processor)}</Cell>
            <Cell>{productOf(product).name}</Cell>
            <Cell>{planName(product, plan)}</Cell>
            <Cell>{intervals.join(", ")}</Cell>
          </tr>
        ))}
      </Table>
    </Section>
  );
}
