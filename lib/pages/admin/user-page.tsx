import type { Metadata, Route } from "next";
import { notFound } from "next/navigation";
import { loadUserDetail, releaseOf } from "@/lib/admin";
import { fieldIds, meterOf, paths, product as productOf } from "@/lib/config/current-catalog";
import { PROCESSORS } from "@/lib/config/terms";
import { userIdSchema } from "@/lib/core/text";
import { DatabaseError, gateway } from "@/lib/database";
import { formatNumber, formatUtc } from "@/lib/messages/format";
import { activityNumbers, activityWords, button, Link, processorName, requestLocale } from "@/lib/ui";
import {
  AdminActionForm,
  Cell,
  describeSubscription,
  Empty,
  explainRefusal,
  explainWindow,
  MoveForm,
  OutcomeBadge,
  RowLink,
  requirePageAdmin,
  Section,
  Table,
} from "@/lib/ui/admin";
import type { PageProps } from "../page";
import { moveSubscription } from "./actions";
import { RepairSection } from "./repair-section";

export const metadata: Metadata = { title: "User" };

const AUDIT_LINES = 20;

type Params = PageProps<"id">;

export default async function UserPage({ params, searchParams }: Params) {
  const { id } = await params;
  await requirePageAdmin(`${paths().admin}/users/${id}`);
  const { data: userId } = userIdSchema.safeParse(decodeURIComponent(id));
  if (userId === undefined) notFound();
  const { amount: parameter } = await searchParams;
  const amount = Math.max(1, Number.parseInt(String(parameter ?? "1"), 10) || 1);
  const [{ locale, zone }, explained] = await Promise.all([requestLocale(), load(userId)]);
  const { detail, usage, waiting } = explained;
  const reading = { locale, zone: zone ?? "UTC", now: Date.parse(usage.now) };
  const auditEntries = await gateway().auditEntries(userId, AUDIT_LINES);
  return (
    <>
      <div className="flex flex-wrap items-baseline justify-between gap-4">
        <h1 className="break-all font-semibold text-2xl tracking-tight">{userId}</h1>
        <Link href={`${paths().admin}/simulation?userId=${encodeURIComponent(userId)}` as Route} className={button()}>
          Simulate
        </Link>
      </div>
      <p className="mt-1 text-muted text-sm">
        {[detail.name, detail.email, `user since ${formatUtc(detail.createdAt)}`].filter(Boolean).join(" · ")}
      </p>

      <Section id="now" title="Now">
        <form className="mb-3 flex items-end gap-3">
          <label className="flex flex-col gap-1 text-muted text-xs">
            Would this amount be refused?
            <input
              name="amount"
              type="number"
              min={1}
              step={1}
              defaultValue={amount}
              data-search
              className="min-h-11 w-40 rounded-lg border border-line-strong bg-surface px-3 text-ink text-sm sm:min-h-9"
            />
          </label>
          <button type="submit" className={button()}>
            Explain
          </button>
        </form>
        <ul className="space-y-4">
          {usage.subscriptions.map((subscription) => (
            <li key={subscription.product} className="rounded-lg border border-line bg-surface px-4 py-3 text-sm">
              <p className="font-medium">
                {productOf(subscription.product).name}: {describeSubscription(subscription, reading)}
              </p>
              <ul className="mt-1 space-y-1">
                {subscription.meters.map(({ field }) => {
                  const explanation = explainRefusal(subscription, field, amount, reading);
                  return (
                    <li key={field} className={`tabular-nums ${explanation?.allowed ? "text-muted" : "text-danger"}`}>
                      {explanation?.sentence}
                    </li>
                  );
                })}
              </ul>
            </li>
          ))}
        </ul>
      </Section>

      {waiting.length > 0 && (
        <Section id="waiting" title="Waiting events">
          <Table caption="Waiting events" head={["Event", "Outcome", "Release"]}>
            {waiting.map((event) => (
              <tr key={event.id}>
                <Cell>
                  <RowLink href={`${paths().admin}/events/${event.processor}/${encodeURIComponent(event.id)}`}>
                    {event.type}
                  </RowLink>
                </Cell>
                <Cell>
                  <OutcomeBadge outcome={event.outcome} />
                </Cell>
                <Cell wide>{releaseOf(event)}</Cell>
              </tr>
            ))}
          </Table>
        </Section>
      )}

      <Section id="decisions" title="Decisions">
        <Table caption="Decisions" head={["Time", "Decision", "Event"]}>
          {detail.decisions.length === 0 && (
            <Empty columns={3}>No billing events yet. The user has only had the free plans.</Empty>
          )}
          {detail.decisions.map((decision) => {
            const { effect, cause } = activityWords(decision);
            return (
              <tr key={decision.id}>
                <Cell>{formatUtc(decision.at)}</Cell>
                <Cell wide>
                  <strong className="font-medium">
                    {productOf(decision.product).name}: {effect}:
                  </strong>{" "}
                  {cause} <span className="text-muted">{activityNumbers(decision, locale)}</span>
                </Cell>
                <Cell>
                  <RowLink
                    href={`${paths().admin}/events/${decision.processor}/${encodeURIComponent(decision.eventId)}`}
                  >
                    {decision.eventType}
                  </RowLink>
                </Cell>
              </tr>
            );
          })}
        </Table>
      </Section>

      <Section id="windows" title="Windows">
        <ul className="divide-y divide-line border-line border-y text-sm">
          {detail.windows.map((window) => (
            <li key={`${window.product}/${window.source}/${window.windowStart}/${window.openedAt}`} className="py-2">
              {explainWindow(window, reading)}
            </li>
          ))}
        </ul>
      </Section>

      <Section id="overrides" title="Limit overrides">
        <ul className="mb-4 space-y-3 empty:hidden">
          {detail.overrides.map(({ field, limit, expiresAt, grantedBy, reason }) => (
            <li key={field} className="flex flex-wrap items-center gap-4 text-sm tabular-nums">
              <span>
                {field}: {formatNumber(limit, locale)},{" "}
                {expiresAt === null ? "without end" : `until ${formatUtc(expiresAt)}`}, granted by {grantedBy}
                {reason && ` (${reason})`}
              </span>
              <AdminActionForm
                method="DELETE"
                path={`${paths().api}/admin/overrides`}
                title={`Revoke the limit of ${field}`}
                fields={[
                  { name: "userId", label: "", type: "hidden", value: userId },
                  { name: "field", label: "", type: "hidden", value: field },
                ]}
                label="Revoke"
                done="The plan’s limit applies again."
              />
            </li>
          ))}
        </ul>
        <AdminActionForm
          method="POST"
          path={`${paths().api}/admin/overrides`}
          title="Grant a limit"
          tone="primary"
          fields={[
            { name: "userId", label: "", type: "hidden", value: userId },
            {
              name: "field",
              label: "Meter",
              options: fieldIds().map((field) => ({ value: field, name: `${meterOf(field).meter.label} (${field})` })),
            },
            { name: "limit", label: "Limit", type: "number" },
            { name: "expiresAt", label: "Until (empty: no end)", type: "datetime-local", optional: true },
            { name: "reason", label: "Reason", optional: true },
          ]}
          label="Grant"
          done="The limit is granted."
        />
      </Section>

      <RepairSection userId={userId} />

      <Section id="links" title="Links to the processors">
        <ul className="mb-4 space-y-1 text-sm">
          {detail.links.length === 0 && <li className="text-muted">No links to customers yet.</li>}
          {detail.links.map(({ processor, kind, externalId, source }) => (
            <li key={`${processor}/${kind}/${externalId}`} className="break-all">
              {processor} {kind} <code className="text-xs">{externalId}</code>
              <span className="text-muted"> by {source}</span>
            </li>
          ))}
          {detail.notes.map(({ kind, processor, eventId, amount, currency, at }) => (
            <li key={`${processor}/${eventId}`} className="text-warn">
              {kind.replaceAll("_", " ")} at {processor} on {formatUtc(at)}
              {amount !== null && `: ${(amount / 100).toFixed(2)} ${currency ?? ""}`}
            </li>
          ))}
        </ul>
        <AdminActionForm
          method="POST"
          path={`${paths().api}/admin/links`}
          title="Link a customer"
          fields={[
            { name: "userId", label: "", type: "hidden", value: userId },
            {
              name: "processor",
              label: "Processor",
              options: PROCESSORS.map((processor) => ({ value: processor, name: processorName(processor) })),
            },
            { name: "customerId", label: "Customer ID" },
          ]}
          label="Link"
          done="Linked. The deferred events are applied."
        />
      </Section>

      {detail.links.some(({ kind }) => kind === "subscription") && (
        <Section id="move" title="Move a subscription">
          <p className="mb-3 max-w-prose text-muted text-sm">
            From then on the subscription counts for the other user, in its current period and with no usage. The usage
            until then stays in the history of {userId}. The customer, with its invoices and cards, also stays with{" "}
            {userId}.
          </p>
          <ul className="space-y-4">
            {detail.links
              .filter(({ kind }) => kind === "subscription")
              .map(({ processor, externalId }) => (
                <li key={`${processor}/${externalId}`}>
                  <MoveForm action={moveSubscription} processor={processor} subscriptionId={externalId} label="Move" />
                </li>
              ))}
          </ul>
        </Section>
      )}

      <Section id="audit-log" title="Audit log">
        <Table caption="Audit log" head={["Time", "Admin", "Action", "Details"]}>
          {auditEntries.length === 0 && <Empty columns={4}>No entries yet.</Empty>}
          {auditEntries.map(({ id: entryId, at, actor, act, details }) => (
            <tr key={entryId}>
              <Cell>{formatUtc(at)}</Cell>
              <Cell>{actor}</Cell>
              <Cell>{act}</Cell>
              <Cell wide>
                <code className="break-all text-xs">{JSON.stringify(details)}</code>
              </Cell>
            </tr>
          ))}
        </Table>
      </Section>
    </>
  );
}

async function load(userId: string) {
  try {
    return await loadUserDetail(userId, gateway());
  } catch (error) {
    if (error instanceof DatabaseError && error.problem === "not_found") notFound();
    throw error;
  }
}
