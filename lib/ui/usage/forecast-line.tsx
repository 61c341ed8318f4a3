import { TrendingUp } from "lucide-react";
import type { ReactNode } from "react";
import { formatCount, formatNumber } from "@/lib/messages/format";
import { Instant } from "../time/instant";
import { type Forecast, PACE_DAYS } from "./forecast";

interface ForecastLineProps {
  forecast: Forecast;
  limit: number;
  resetsAt: string;
  unit: { one: string; many: string };
  now: string;
  locale: string;
}

/** The forecast in a sentence. */
export function ForecastLine(props: ForecastLineProps) {
  const text = sentence(props);
  if (text === null) return null;
  return (
    <p className="flex gap-2 text-pretty text-sm tabular-nums">
      <TrendingUp aria-hidden="true" className="mt-0.5 size-4 shrink-0 text-faint" />
      <span>{text}</span>
    </p>
  );
}

function sentence({ forecast, limit, resetsAt, unit, now, locale }: ForecastLineProps): ReactNode {
  const reset = <Instant at={resetsAt} now={now} />;
  switch (forecast.kind) {
    case "out":
      return <>Nothing is left. You can go on after the reset on {reset}.</>;
    case "none":
      return null;
    case "runs_out":
      return (
        <>
          At the pace of the last {PACE_DAYS} days, about {pace(forecast.perDay, unit, locale)} a day, your {unit.many}{" "}
          <strong className="font-medium text-warn">
            run out on <Instant at={new Date(forecast.at).toISOString()} now={now} />
          </strong>
          , before the reset on {reset}.
        </>
      );
    case "lasts":
      return (
        <>
          At the pace of the last {PACE_DAYS} days, about {pace(forecast.perDay, unit, locale)} a day, you will have
          used about {formatNumber(forecast.total, locale)} of {formatCount(limit, unit, locale)} by the reset on{" "}
          {reset}.
        </>
      );
  }
}

function pace(perDay: number, unit: ForecastLineProps["unit"], locale: string): string {
  return formatCount(Math.max(1, Math.round(perDay)), unit, locale);
}
