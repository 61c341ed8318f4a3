create table tollgate.chatbots (
  user_id text not null references tollgate.users (user_id) on delete cascade,
  id uuid not null default gen_random_uuid(),
  name text not null check (length(name) between 1 and 80),
  created_at timestamptz not null default now(),
  primary key (user_id, id)
);
comment on table tollgate.chatbots is 'Reference product 1: the chatbots that chatbots_count counts.';

insert into tollgate.table_rights (table_name, app, users) values
  ('chatbots', 'select, insert, update, delete', 'own');

-- As release 0.1.0 did; the config names it too.
insert into tollgate.counted_tables (field, table_name, user_column) values
  ('chatbots_count', 'tollgate.chatbots', 'user_id');
