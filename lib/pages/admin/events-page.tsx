import type { Metadata } from "next";
import { eventQuery, listEvents, nonEmptyParameters, OUTCOMES } from "@/lib/admin";
import { paths } from "@/lib/config/current-catalog";
import { PROCESSORS } from "@/lib/config/terms";
import { DomainError } from "@/lib/core/domain-error";
import { parse } from "@/lib/core/parse";
import { gateway } from "@/lib/database";
import { formatUtc } from "@/lib/messages/format";
import {
  Cell,
  Empty,
  Filters,
  NextPage,
  OutcomeBadge,
  ReplayForm,
  RowLink,
  requirePageAdmin,
  Table,
} from "@/lib/ui/admin";
import type { PageProps } from "../page";

export const metadata: Metadata = { title: "Events" };

const path = () => `${paths().admin}/events` as const;

export default async function EventsPage({ searchParams }: PageProps) {
  await requirePageAdmin(path());
  const values = nonEmptyParameters(Object.entries(await searchParams));
  const { after: _, ...filters } = values;
  const { events, next, problem } = await find(values);
  return (
    <>
      <h1 className="font-semibold text-2xl tracking-tight">Events</h1>
      <Filters
        path={path()}
        values={filters}
        filters={[
          { name: "type", label: "Type (prefix)" },
          { name: "processor", label: "Processor", options: PROCESSORS },
          { name: "outcome", label: "Outcome", options: OUTCOMES },
          { name: "userId", label: "User" },
          { name: "from", label: "From", type: "date" },
          { name: "to", label: "Before", type: "date" },
        ]}
      />
      {problem && (
        <p role="alert" className="mt-4 text-danger text-sm">
          {problem}
        </p>
      )}
      <ReplayForm>
        <Table
          caption="Events"
          head={["Select", "Event", "Processor", "Outcome", "Received", "User", "Reason and release"]}
        >
          {events.length === 0 && <Empty columns={7}>No event matches.</Empty>}
          {events.map(({ processor, id, type, outcome, reason, receivedAt, userId, decision, deliveries, release }) => (
            <tr key={`${processor}/${id}`} className={release === null ? "" : "bg-sunken"}>
              <Cell>
                <label className="inline-flex size-11 items-center justify-center sm:size-6">
                  <input
                    type="checkbox"
                    name="event"
                    value={`${processor}/${id}`}
                    aria-label={`Replay ${id}`}
                    className="size-4 accent-accent"
                  />
                </label>
              </Cell>
              <Cell>
                <RowLink href={`${path()}/${processor}/${encodeURIComponent(id)}`}>{type}</RowLink>
              </Cell>
              <Cell>{processor}</Cell>
              <Cell>
                <OutcomeBadge outcome={outcome} />
                {deliveries > 1 && <span className="text-muted text-xs"> × {deliveries}</span>}
              </Cell>
              <Cell>{formatUtc(receivedAt)}</Cell>
              <Cell>
                {userId && <RowLink href={`${paths().admin}/users/${encodeURIComponent(userId)}`}>{userId}</RowLink>}
              </Cell>
              <Cell wide>
                {decision ? `${decision.action}: ${decision.reason}` : reason}
                {release && <span className="block text-muted">{release}</span>}
              </Cell>
            </tr>
          ))}
        </Table>
      </ReplayForm>
      <NextPage path={path()} values={filters} next={next} />
    </>
  );
}

/** The events of the filters. If a filter is not valid, the list is empty and `problem` names the filter. */
async function find(values: Record<string, string>) {
  try {
    return { ...(await listEvents(parse(eventQuery, values), gateway())), problem: null };
  } catch (error) {
    if (error instanceof DomainError) return { events: [], next: null, problem: error.message };
    throw error;
  }
}
