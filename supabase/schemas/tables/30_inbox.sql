-- One row a webhook event, written before anything is decided: what was acknowledged is never only in a log.
create table tollgate.webhook_events (
  processor text not null check (processor in ('stripe', 'paddle')),
  id text not null,
  event_type text not null,
  -- The bytes that were signed. jsonb refuses \u0000 and lone surrogates, so payload is only a readable copy.
  raw bytea not null,
  payload jsonb,
  livemode boolean,
  occurred_at timestamptz,
  created_at timestamptz not null default now(),
  -- null: stored and not decided; the next delivery or the retry job decides it. dead: it threw at every attempt.
  outcome text check (outcome in ('applied', 'ignored', 'deferred', 'quarantined', 'dead')),
  reason text,
  processed_at timestamptz,
  deliveries integer not null default 1,
  attempts integer not null default 0,
  -- When the retry job may take it, while it is undecided; a claim moves it on, so that two jobs do not take one event.
  next_attempt_at timestamptz not null default now() + interval '1 minute',
  last_error text,
  -- What a deferred event waits for.
  user_id text,
  customer_id text,
  subscription_id text,
  -- Whose it is by the browser's word alone (Paddle's custom_data): shown to the admin, believed by nobody.
  hint_user_id text,
  primary key (processor, id)
);
comment on table tollgate.webhook_events is 'The inbox: every delivery''s content as it was signed, and what came of it.';

create index webhook_events_undecided on tollgate.webhook_events (next_attempt_at) where outcome is null;
create index webhook_events_waiting_customer on tollgate.webhook_events (processor, customer_id)
  where outcome in ('deferred', 'quarantined');
create index webhook_events_waiting_subscription on tollgate.webhook_events (processor, subscription_id)
  where outcome in ('deferred', 'quarantined');
create index webhook_events_created on tollgate.webhook_events (created_at);

-- Which user something at a processor belongs to. The key allows one user each. Only an admin moves one:
-- a subscription, by move_subscription.
create table tollgate.links (
  processor text not null check (processor in ('stripe', 'paddle')),
  kind text not null check (kind in ('customer', 'subscription', 'transaction')),
  external_id text not null,
  user_id text not null references tollgate.users (user_id),
  source text not null check (source in ('checkout', 'metadata', 'event', 'admin', 'simulation')),
  created_at timestamptz not null default now(),
  primary key (processor, kind, external_id)
);
comment on table tollgate.links is 'Customers, subscriptions and transactions of a processor, and whose they are.';
create index links_user on tollgate.links (user_id, processor, kind);

-- What changes no entitlement and must be seen: refunds, disputes, a customer deleted at the processor.
create table tollgate.notes (
  note_id text primary key,
  -- null: no link names the user yet, or the processor names nothing that could be linked (a dispute: its charge only).
  user_id text references tollgate.users (user_id),
  kind text not null check (kind in ('refund', 'dispute_opened', 'dispute_closed', 'customer_deleted')),
  processor text not null,
  event_id text not null,
  customer_id text,
  -- In the currency's minor unit.
  amount bigint,
  currency text,
  detail text,
  occurred_at timestamptz not null,
  created_at timestamptz not null default now(),
  -- With customer_id, the ids whose link gives the note to a user.
  subscription_id text,
  transaction_id text
);
comment on table tollgate.notes is 'Refunds, disputes and deleted customers: recorded and shown, never acted on.';
create index notes_user on tollgate.notes (user_id);
create index notes_waiting_customer on tollgate.notes (processor, customer_id) where user_id is null;
create index notes_waiting_subscription on tollgate.notes (processor, subscription_id) where user_id is null;
create index notes_waiting_transaction on tollgate.notes (processor, transaction_id) where user_id is null;

insert into tollgate.table_rights (table_name, app, users) values
  ('webhook_events', 'select, insert, update, delete', null),
  ('links', 'select, insert, update, delete', null),
  ('notes', 'select, insert, update, delete', null);
