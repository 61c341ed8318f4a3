import { paths } from "@/lib/config/current-catalog";
import { Segments } from "../segments";
import { HISTORY_DAYS, PERIOD_IDS, type PeriodId } from "./usage-period";

const NAMES: Record<PeriodId, string> = {
  window: "This period",
  previous: "Last period",
  "90-days": `${HISTORY_DAYS} days`,
};

/** Selects the days of the charts. */
export function PeriodPicker({ current }: { current: PeriodId }) {
  const options = PERIOD_IDS.map((id) => ({
    name: NAMES[id],
    href: id === "window" ? paths().usage : `${paths().usage}?period=${id}`,
    current: id === current,
  }));
  return <Segments label="Days shown" options={options} />;
}
