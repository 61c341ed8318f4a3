import type { Metadata } from "next";
import { notFound } from "next/navigation";
import { canBeDismissed, eventDetail, releaseOf } from "@/lib/admin";
import { product as productOf } from "@/lib/config";
import { DomainError } from "@/lib/core/domain-error";
import { DatabaseError, gateway } from "@/lib/database";
import { formatUtc } from "@/lib/messages/format";
import { ActionForm, activityNumbers, activityWords, requestLocale } from "@/lib/ui";
import { ActForm, adminUser, BeforeAfter, JsonBlock, MoveForm, OutcomeBadge, RowLink, Section } from "@/lib/ui/admin";
import { dismissEvent, moveSubscription } from "../../../actions";

export const metadata: Metadata = { title: "Event" };

export default async function EventPage({ params }: PageProps<"/admin/events/[processor]/[id]">) {
  const { processor, id } = await params;
  await adminUser(`/admin/events/${processor}/${id}`);
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

      <Section id="came" title="What came">
        <p className="text-sm tabular-nums">
          Received {formatUtc(event.receivedAt)}
          {event.occurredAt && `, occurred ${formatUtc(event.occurredAt)}`}; {event.deliveries}{" "}
          {event.deliveries === 1 ? "delivery" : "deliveries"}, {event.attempts}{" "}
          {event.attempts === 1 ? "attempt" : "attempts"}, {event.bytes} bytes.
        </p>
        {event.payload === null ? (
          <p className="mt-2 text-muted text-sm">Its payload cannot be shown; the bytes are kept.</p>
        ) : (
          <JsonBlock title="Payload" value={event.payload} />
        )}
      </Section>

      <Section id="says" title="What it says">
        {event.facts.length === 0 && event.notes.length === 0 && <p className="text-muted text-sm">No facts.</p>}
        {event.facts.map(({ product, body }) => (
          <JsonBlock key={`${product}/${body.id}`} title={`${body.kind}, ${product}`} value={body} />
        ))}
        {event.notes.map((note) => (
          <JsonBlock key={note.kind} title={note.kind.replaceAll("_", " ")} value={note} />
        ))}
      </Section>

      <Section id="became" title="What came of it">
        <p className="flex flex-wrap items-center gap-3 text-sm">
          <OutcomeBadge outcome={outcome} /> {event.reason}
          {event.userId && <RowLink href={`/admin/users/${encodeURIComponent(event.userId)}`}>{event.userId}</RowLink>}
        </p>
        {release && <p className="mt-2 max-w-prose text-sm">{release}</p>}
        {event.lastError && <pre className="mt-2 whitespace-pre-wrap text-danger text-xs">{event.lastError}</pre>}
        {event.decisions.map((decision) => {
          const { what, why } = activityWords(decision);
          return (
            <div key={decision.id} className="mt-4 rounded-lg border border-line bg-surface px-4 py-3">
              <p className="text-sm">
                <strong className="font-medium">{what}:</strong> {why} {activityNumbers(decision, locale)}
              </p>
              {decision.analysis && (
                <p className="mt-1 text-muted text-xs">
                  It claims {decision.analysis.hasPeriodChange ? "a new period" : "no new period"} and{" "}
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

      <Section id="act" title="Put right">
        <div className="space-y-4">
          <ActForm
            method="POST"
            path={`/api/admin/events/${event.processor}/${encodeURIComponent(event.id)}/replay`}
            title="Replay this event"
            fields={[]}
            label="Replay"
            done="Replayed; see the result above. An applied event changes nothing."
          />
          {outcome === "deferred" && customerId !== null && (
            <ActForm
              method="POST"
              path="/api/admin/links"
              title="Link its customer"
              tone="primary"
              fields={[
                { name: "processor", label: "", type: "hidden", value: event.processor },
                { name: "customerId", label: "", type: "hidden", value: customerId },
                { name: "userId", label: `User whose customer ${customerId} is`, value: hintUserId ?? "" },
              ]}
              label="Link"
              done="Linked; the waiting events are applied."
            />
          )}
          {outcome === "quarantined" && event.reason === "link_conflict" && subscriptionId !== null && (
            <MoveForm
              action={moveSubscription}
              processor={event.processor}
              subscriptionId={subscriptionId}
              label="Give it to this user"
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
                Ignores this event: no alert counts it and no job retries it. A replay still decides it.
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
