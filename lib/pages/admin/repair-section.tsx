import { countedGauges, meterOf, paths } from "@/lib/config/current-catalog";
import { AdminActionForm, ReconcileForm, Section } from "@/lib/ui/admin";

/** Compares a user with the processors, and counts the rows of each gauge's table again. */
export function RepairSection({ userId }: { userId: string }) {
  return (
    <Section id="repair" title="Repair">
      <div className="flex flex-wrap items-start gap-6">
        <ReconcileForm userId={userId} />
        {gauges().map(({ field, things }) => (
          <AdminActionForm
            key={field}
            method="POST"
            path={`${paths().api}/admin/sync`}
            title={`Recount ${things}`}
            fields={[
              { name: "userId", label: "", type: "hidden", value: userId },
              { name: "field", label: "", type: "hidden", value: field },
            ]}
            label={`Recount ${things}`}
            done={`The gauge shows the number of ${things}.`}
          />
        ))}
      </div>
    </Section>
  );
}

function gauges() {
  return countedGauges().map((field) => ({ field, things: meterOf(field).meter.unit.many }));
}
