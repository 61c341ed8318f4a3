-- The rights on each table. Every table file adds its own rows, and grant_access carries them out.
create table tollgate.table_rights (
  table_name text primary key,
  -- The privileges of the role tollgate_app; null: none. TRUNCATE, REFERENCES, TRIGGER and MAINTAIN stay with the owner.
  app text,
  -- The rows that signed-in users read themselves: their own by user_id, or all; null: none.
  users text check (users in ('own', 'all'))
);
comment on table tollgate.table_rights is 'Rights of the app and of signed-in users on each table.';

insert into tollgate.table_rights (table_name, app, users) values
  ('table_rights', null, null);
