import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { canBeDismissed, eventDetail, releaseOf } from "@/lib/admin";
import { product as productOf } from "@/lib/config";
import { paths } from "@/lib/config/current-catalog";
import { DomainError } from "@/lib/core/domain-error";
import { DatabaseError, gateway } from "@/lib/database";
import { formatUtc } from "@/lib/messages/format";
import { ActionForm, activityNumbers, activityWords, requestLocale } from "@/lib/ui";
import {
  AdminActionForm,
  BeforeAfter,
  JsonBlock,
  MoveForm,
  OutcomeBadge,
  RowLink,
  requirePageAdmin,
  Section,
} from "@/lib/ui/admin";
import type { PageProps } from "../page";
import { dismissEvent, moveSubscription } from "./actions";

export const metadata: Metadata = { title: "Event" };

export default async function EventPage({ params }: PageProps<"processor" | "id">) {
  const { processor, id } = await params;
  await requirePageAdmin(`${paths().admin}/events/${processor}/${id}`);
  const [{ locale }, event] = await Promise.all([requestLocale(), load(processor, decodeURIComponent(id))]);
  const release = releaseOf(event);
  const { customerId, subscriptionId, hintUserId, outcome } = event;
  return (
    <>
      <h1 className="break-all font-mono font-semibold text-xl">{event.type}</h1>
      <p className="mt-1 break-all text-muted text-sm">
        {event.processor} · {event.id}
        {event.livemode === true && " · live mode"}
      </p>

      <Section id="delivery" title="Delivery">
        <p className="text-sm tabular-nums">
          Received {formatUtc(event.receivedAt)}
          {event.occurredAt && `, occurred ${formatUtc(event.occurredAt)}`}; {event.deliveries}{" "}
          {event.deliveries === 1 ? "delivery" : "deliveries"}, {event.attempts}{" "}
          {event.attempts === 1 ? "attempt" : "attempts"}, {event.bytes} bytes.
        </p>
        {event.payload === null ? (
          <p className="mt-2 text-muted text-sm">The payload cannot be shown. Its bytes are stored.</p>
        ) : (
          <JsonBlock title="Payload" value={event.payload} />
        )}
      </Section>

      <Section id="facts" title="Facts">
        {event.facts.length === 0 && event.notes.length === 0 && <p className="text-muted text-sm">No facts.</p>}
        {event.facts.map(({ product, body }) => (
          <JsonBlock key={`${product}/${body.id}`} title={`${body.kind}, ${product}`} value={body} />
        ))}
        {event.notes.map((note) => (
          <JsonBlock key={note.kind} title={note.kind.replaceAll("_", " ")} value={note} />
        ))}
      </Section>

      <Section id="result" title="Result">
        <p className="flex flex-wrap items-center gap-3 text-sm">
          <OutcomeBadge outcome={outcome} /> {event.reason}
          {event.userId && (
            <RowLink href={`${paths().admin}/users/${encodeURIComponent(event.userId)}`}>{event.userId}</RowLink>
          )}
        </p>
        {release && <p className="mt-2 max-w-prose text-sm">{release}</p>}
        {event.lastError && <pre className="mt-2 whitespace-pre-wrap text-danger text-xs">{event.lastError}</pre>}
        {event.decisions.map((decision) => {
          const { effect, cause } = activityWords(decision);
          return (
            <div key={decision.id} className="mt-4 rounded-lg border border-line bg-surface px-4 py-3">
              <p className="text-sm">
                <strong className="font-medium">{effect}:</strong> {cause} {activityNumbers(decision, locale)}
              </p>
              {decision.analysis && (
                <p className="mt-1 text-muted text-xs">
                  The event reports {decision.analysis.hasPeriodChange ? "a new period" : "no new period"} and{" "}
                  {decision.analysis.hasPlanChange ? "another plan" : "the same plan"}.
                </p>
              )}
              <div className="mt-3 overflow-x-auto">
                <BeforeAfter
                  product={productOf(decision.after.product)}
                  before={decision.before}
                  after={decision.after}
                  locale={locale}
                />
              </div>
            </div>
          );
        })}
      </Section>

      <Section id="actions" title="Actions">
        <div className="space-y-4">
          <AdminActionForm
            method="POST"
            path={`${paths().api}/admin/events/${event.processor}/${encodeURIComponent(event.id)}/replay`}
            title="Replay this event"
            fields={[]}
            label="Replay"
            done="Replayed. The result is above. Replaying an applied event changes nothing."
          />
          {outcome === "deferred" && customerId !== null && (
            <AdminActionForm
              method="POST"
              path={`${paths().api}/admin/links`}
              title="Link its customer"
              tone="primary"
              fields={[
                { name: "processor", label: "", type: "hidden", value: event.processor },
                { name: "customerId", label: "", type: "hidden", value: customerId },
                { name: "userId", label: `User of customer ${customerId}`, value: hintUserId ?? "" },
              ]}
              label="Link"
              done="Linked. The deferred events are applied."
            />
          )}
          {outcome === "quarantined" && event.reason === "link_conflict" && subscriptionId !== null && (
            <MoveForm
              action={moveSubscription}
              processor={event.processor}
              subscriptionId={subscriptionId}
              label="Move to this user"
            />
          )}
          {canBeDismissed(event) && (
            <div>
              <ActionForm
                action={dismissEvent}
                fields={{ processor: event.processor, id: event.id }}
                label="Dismiss"
                busyLabel="Dismissing"
              />
              <p className="mt-2 max-w-prose text-muted text-sm">
                A dismissed event is ignored: no alert counts it, and no job retries it. It can still be replayed.
              </p>
            </div>
          )}
        </div>
      </Section>
    </>
  );
}

async function load(processor: string, id: string) {
  try {
    return await eventDetail(processor, id, gateway());
  } catch (error) {
    if (error instanceof DomainError || (error instanceof DatabaseError && error.problem === "not_found")) notFound();
    throw error;
  }
}
