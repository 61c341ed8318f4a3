"use client";

import { type FormEvent, useState } from "react";
import type { Catalog, Product } from "@/lib/config";
import type { Simulation } from "@/lib/sandbox/scenarios";
import { button, FIELD } from "@/lib/ui/button";
import { useInstallation } from "@/lib/ui/shell/installation";
import { sendJson } from "@/lib/ui/tools/send-json";
import { SimulationResult } from "./simulation-result";

interface SimulationFormProps {
  products: Catalog["products"];
  scenarios: readonly { id: string; title: string; expectation: string }[];
  plans: readonly { value: string; name: string }[];
  /** Suggestions; any other user id is allowed. */
  processors: readonly { value: string; name: string }[];
  userIds: readonly string[];
  userId: string;
  /** Outside the sandbox only dry runs are allowed. */
  onlyDry: boolean;
  locale: string;
}

/** Runs a scenario for a user and a processor, and shows its result. */
export function SimulationForm(props: SimulationFormProps) {
  const { products, scenarios, plans, processors, userIds, userId, onlyDry, locale } = props;
  const { paths } = useInstallation();
  const [busy, setBusy] = useState(false);
  const [scenario, setScenario] = useState(scenarios[0]?.id ?? "");
  const [result, setResult] = useState<Simulation | null>(null);
  const [problem, setProblem] = useState<string | null>(null);

  async function run(event: FormEvent<HTMLFormElement>) {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const text = (name: string) => String(form.get(name) ?? "").trim();
    const [product, plan] = text("plan").split("/");
    setBusy(true);
    setProblem(null);
    const answer = await sendJson<Simulation>("POST", `${paths.api}/test/webhook-simulation`, {
      userId: text("userId"),
      scenario,
      ...(text("processor") !== "" && { processor: text("processor") }),
      dryRun: onlyDry || form.get("dryRun") !== null,
      customData: {
        ...(plan && { product, plan }),
        ...(text("newLimit") !== "" && { newLimit: Number(text("newLimit")) }),
      },
    });
    setBusy(false);
    setResult(answer.ok ? answer.value : null);
    setProblem(answer.ok ? null : answer.refusal.error);
  }

  return (
    <div className="mt-4 grid gap-8 lg:grid-cols-[20rem_1fr]">
      <form onSubmit={run} aria-label="Simulation" aria-busy={busy} className="space-y-4">
        <Labelled label="User">
          <input name="userId" list="known-users" required defaultValue={userId} data-search className={FIELD} />
          <datalist id="known-users">
            {userIds.map((id) => (
              <option key={id} value={id} />
            ))}
          </datalist>
        </Labelled>
        <Labelled label="Scenario">
          <select
            name="scenario"
            value={scenario}
            onChange={({ target }) => setScenario(target.value)}
            className={FIELD}
          >
            {scenarios.map(({ id, title }) => (
              <option key={id} value={id}>
                {title}
              </option>
            ))}
          </select>
        </Labelled>
        <p className="text-muted text-sm">{scenarios.find(({ id }) => id === scenario)?.expectation}</p>
        <Labelled label="Processor">
          <select name="processor" className={FIELD}>
            <option value="">the user’s processor</option>
            {processors.map(({ value, name }) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </Labelled>
        <Labelled label="Plan to change to or start with">
          <select name="plan" className={FIELD}>
            <option value="">the next plan</option>
            {plans.map(({ value, name }) => (
              <option key={value} value={value}>
                {name}
              </option>
            ))}
          </select>
        </Labelled>
        <Labelled label="Limit override (with a plan)">
          <input name="newLimit" type="number" min={0} step={1} className={FIELD} />
        </Labelled>
        <label className="flex min-h-11 items-center gap-2 text-sm">
          <input type="checkbox" name="dryRun" defaultChecked disabled={onlyDry} className="size-4 accent-accent" />
          Dry run: use a copy and change nothing
        </label>
        <button type="submit" disabled={busy} className={`${button("primary")} w-full`}>
          Run
        </button>
        <p role="alert" className="text-danger text-sm empty:hidden">
          {problem}
        </p>
      </form>
      <div aria-live="polite">
        {result === null ? (
          <p className="rounded-lg border border-line border-dashed px-6 py-10 text-center text-muted text-sm">
            The processor’s events, the decisions, and the state before and after appear here.
          </p>
        ) : (
          <SimulationResult result={result} product={products[result.product] as Product} locale={locale} />
        )}
      </div>
    </div>
  );
}

function Labelled({ label, children }: { label: string; children: React.ReactNode }) {
  return (
    // biome-ignore lint/a11y/noLabelWithoutControl: the control is the child
    <label className="flex flex-col gap-1 text-muted text-xs">
      {label}
      {children}
    </label>
  );
}
