import type { Metadata } from "next";
import { isProductId, paths, product as productOf } from "@/lib/config/current-catalog";
import { gateway } from "@/lib/database";
import { formatNumber, formatUtc } from "@/lib/messages/format";
import { requestLocale } from "@/lib/ui";
import { Cell, Empty, ReconcileForm, RowLink, requirePageAdmin, Section, Table, UnsoldPlans } from "@/lib/ui/admin";

export const metadata: Metadata = { title: "Health" };

const HOURS = 24 * 7;
const AUDIT_LINES = 10;

export default async function HealthPage() {
  await requirePageAdmin(paths().admin);
  const [{ locale }, health, auditEntries] = await Promise.all([
    requestLocale(),
    gateway().serviceHealth(HOURS),
    gateway().auditEntries(null, AUDIT_LINES),
  ]);
  const number = (value: number) => formatNumber(value, locale);
  const { waiting, payments } = health;
  const figures = [
    { name: "Users", value: health.users, href: `${paths().admin}/users` },
    { name: "Near or at a limit", value: health.nearLimits },
    { name: "Payments failed", value: payments.failed },
    { name: "Payments recovered", value: payments.recovered },
    { name: "Payments open now", value: payments.open, alert: true, href: `${paths().admin}/users?status=past_due` },
    { name: "Renewals overdue", value: health.renewalsOverdue, alert: true },
    { name: "Events deferred", value: waiting.deferred, alert: true, href: `${paths().admin}/events?outcome=deferred` },
    {
      name: "Events quarantined",
      value: waiting.quarantined,
      alert: true,
      href: `${paths().admin}/events?outcome=quarantined`,
    },
    { name: "Events dead", value: waiting.dead, alert: true, href: `${paths().admin}/events?outcome=dead` },
    {
      name: "Events undecided",
      value: waiting.undecided,
      alert: true,
      href: `${paths().admin}/events?outcome=undecided`,
    },
  ];
  return (
    <>
      <h1 className="font-semibold text-2xl tracking-tight">Health</h1>
      <p className="mt-1 text-muted text-sm">The last seven days, and open tasks. {countedText(health)}</p>
      <dl className="mt-4 grid grid-cols-2 gap-px overflow-hidden rounded-lg border border-line bg-line sm:grid-cols-5">
        {figures.map(({ name, value, alert, href }) => (
          <div key={name} className="bg-surface px-4 py-3">
            <dt className="text-muted text-xs">{href ? <RowLink href={href}>{name}</RowLink> : name}</dt>
            <dd className={`mt-1 font-semibold text-xl tabular-nums ${alert && value > 0 ? "text-danger" : ""}`}>
              {number(value)}
            </dd>
          </div>
        ))}
      </dl>
      <div className="grid grid-cols-1 gap-x-8 lg:grid-cols-2">
        <UnsoldPlans />
        <Section id="webhooks" title="Webhooks">
          <Table caption="Webhooks" head={["Processor", "Outcome", "Count", "Median", "95 %"]}>
            {health.webhooks.length === 0 && <Empty columns={5}>None in seven days.</Empty>}
            {health.webhooks.map(({ processor, outcome, count, medianMs, p95Ms }) => (
              <tr key={`${processor}/${outcome}`}>
                <Cell>{processor}</Cell>
                <Cell>
                  <RowLink href={`${paths().admin}/events?processor=${processor}&outcome=${outcome}`}>
                    {outcome}
                  </RowLink>
                </Cell>
                <Cell>{number(count)}</Cell>
                <Cell>{medianMs === null ? "" : `${number(medianMs)} ms`}</Cell>
                <Cell>{p95Ms === null ? "" : `${number(p95Ms)} ms`}</Cell>
              </tr>
            ))}
          </Table>
          <p className="mt-2 text-muted text-sm">
            {Object.entries(health.lastWebhooks)
              .map(([processor, at]) => `Last from ${processor}: ${at === null ? "never" : formatUtc(at)}`)
              .join(" · ")}
          </p>
        </Section>
        <Section id="decisions" title="Decisions">
          <Table caption="Decisions" head={["Usage", "Reason", "Count"]}>
            {health.decisions.length === 0 && <Empty columns={3}>None in seven days.</Empty>}
            {health.decisions.map(({ action, reason, count }) => (
              <tr key={`${action}/${reason}`}>
                <Cell>{action}</Cell>
                <Cell wide>{reason}</Cell>
                <Cell>{number(count)}</Cell>
              </tr>
            ))}
          </Table>
        </Section>
        <Section id="plans" title="Plans">
          <Table caption="Plans" head={["Product", "Plan", "Users"]}>
            {health.plans.map(({ product, plan, users }) => (
              <tr key={`${product}/${plan}`}>
                <Cell>{isProductId(product) ? productOf(product).name : product}</Cell>
                <Cell>
                  <RowLink href={`${paths().admin}/users?product=${product}&plan=${plan}`}>{plan}</RowLink>
                </Cell>
                <Cell>{number(users)}</Cell>
              </tr>
            ))}
          </Table>
        </Section>
        <Section id="nearest" title="Nearest to a limit">
          <Table caption="Nearest to a limit" head={["User", "Meter", "Used"]}>
            {health.nearest.length === 0 && <Empty columns={3}>No user has used 80 % of a limit.</Empty>}
            {health.nearest.map(({ userId, field, used, limit }) => (
              <tr key={`${userId}/${field}`}>
                <Cell>
                  <RowLink href={`${paths().admin}/users/${encodeURIComponent(userId)}`}>{userId}</RowLink>
                </Cell>
                <Cell>{field}</Cell>
                <Cell>
                  {number(used)} of {number(limit)}
                </Cell>
              </tr>
            ))}
          </Table>
        </Section>
        <Section id="flags" title="To review">
          <Table caption="To review" head={["User", "Event", "Time"]}>
            {health.flags.length === 0 && <Empty columns={3}>No events to review.</Empty>}
            {health.flags.map(({ userId, flag, at, eventId, processor }) => (
              <tr key={`${eventId}/${flag}`}>
                <Cell>
                  <RowLink href={`${paths().admin}/users/${encodeURIComponent(userId)}`}>{userId}</RowLink>
                </Cell>
                <Cell>
                  <RowLink href={`${paths().admin}/events/${processor}/${encodeURIComponent(eventId)}`}>
                    {flag.replaceAll("_", " ")}
                  </RowLink>
                </Cell>
                <Cell>{formatUtc(at)}</Cell>
              </tr>
            ))}
          </Table>
        </Section>
        <Section id="jobs" title="Jobs">
          <Table caption="Jobs" head={["Job", "Last run", "Started by", "Result"]}>
            {health.jobs.length === 0 && <Empty columns={4}>No job has run yet.</Empty>}
            {health.jobs.map(({ job, startedAt, finishedAt, by, result, error }) => (
              <tr key={job}>
                <Cell>{job}</Cell>
                <Cell>{formatUtc(startedAt)}</Cell>
                <Cell>{by}</Cell>
                <Cell wide>{error ?? (finishedAt === null ? "running" : (JSON.stringify(result) ?? ""))}</Cell>
              </tr>
            ))}
          </Table>
        </Section>
      </div>
      <Section id="reconcile" title="Reconcile">
        <p className="mb-3 max-w-prose text-muted text-sm">
          Compares every live subscription with its processor, counters with the ledger, and gauges with the existing
          items. If a processor does not know a subscription, this is only reported, since a wrong API key must not
          remove plans.
        </p>
        <ReconcileForm />
      </Section>
      <Section id="audit-log" title="Audit log">
        <AuditLog entries={auditEntries} />
      </Section>
    </>
  );
}

/** The time of the figures that a job measures, and the limit of those that are counted now. */
function countedText({ measuredAt, since }: Awaited<ReturnType<ReturnType<typeof gateway>["serviceHealth"]>>) {
  const measured =
    measuredAt === null
      ? "The metrics job has not counted users, plans and limits yet."
      : `Users, plans and limits were counted at ${formatUtc(measuredAt)}.`;
  return since === null ? measured : `${measured} Decisions and webhooks are those since ${formatUtc(since)}.`;
}

function AuditLog({ entries }: { entries: Awaited<ReturnType<ReturnType<typeof gateway>["auditEntries"]>> }) {
  return (
    <Table caption="Audit log" head={["Time", "Admin", "Action", "User", "Details"]}>
      {entries.length === 0 && <Empty columns={5}>No entries yet.</Empty>}
      {entries.map(({ id, at, actor, act, userId, details }) => (
        <tr key={id}>
          <Cell>{formatUtc(at)}</Cell>
          <Cell>{actor}</Cell>
          <Cell>{act}</Cell>
          <Cell>{userId}</Cell>
          <Cell wide>
            <code className="break-all text-xs">{JSON.stringify(details)}</code>
          </Cell>
        </tr>
      ))}
    </Table>
  );
}
