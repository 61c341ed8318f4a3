-- Attempts in fixed windows, one counter per key. A crash may lose them, which is harmless.
create unlogged table tollgate.rate_limits (
  scope text not null,
  -- A hash, so that the table names no user or address.
  key text not null,
  resets_at timestamptz not null,
  hits integer not null,
  primary key (scope, key)
) with (fillfactor = 70);
comment on table tollgate.rate_limits is 'Attempts in the current window, by scope and hashed key.';
-- For the cleanup job, which deletes counters of windows that have ended.
create index rate_limits_resets_at on tollgate.rate_limits (resets_at);

-- The rest of an erased account, so that erasing and returning is no refill. It identifies no user; only a user
-- who returns with the same id is recognized.
create table tollgate.erased_accounts (
  -- SHA-256 of the user id, in hex.
  user_hash text primary key,
  erased_at timestamptz not null,
  -- By product: the free plan's anchor, the window's counters, the revision and the user's own limits below the plan's.
  -- Also the facts of subscriptions that had a trial, and the ends of subscriptions.
  products jsonb not null,
  -- The customers at the processors, which the operator erases there; the law may require their invoices.
  processor_ids jsonb not null
);
comment on table tollgate.erased_accounts is 'Tombstones: counters and trials of erased accounts by hashed user id.';

insert into tollgate.table_rights (table_name, app, users) values
  ('rate_limits', 'select, insert, update, delete', null),
  ('erased_accounts', 'select, insert, update', null);
