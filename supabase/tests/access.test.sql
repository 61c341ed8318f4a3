-- Rights in any database of Tollgate. `supabase test db` and psql run it: it prints TAP and needs no extension. All its changes
-- are rolled back.
begin;
select '1..8';

select case when count(*) = 0 then 'ok 1' else 'not ok 1' end || ' - every table has row-level security'
from pg_class where relnamespace = 'tollgate'::regnamespace and relkind in ('r', 'p') and not relrowsecurity;

select case when count(*) = 0 then 'ok 2' else 'not ok 2' end || ' - anon and authenticated execute no function'
from pg_proc p, unnest(array['anon', 'authenticated']) as role (name)
where p.pronamespace = 'tollgate'::regnamespace and has_function_privilege(role.name, p.oid, 'execute')
  and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e');

select case when count(*) = 0 then 'ok 3' else 'not ok 3' end || ' - anon and authenticated write no table'
from pg_class c, unnest(array['anon', 'authenticated']) as role (name), unnest(array['insert', 'update', 'delete']) as verb (name)
where c.relnamespace = 'tollgate'::regnamespace and c.relkind in ('r', 'p') and has_table_privilege(role.name, c.oid, verb.name);

select case when count(*) = 0 then 'ok 4' else 'not ok 4' end || ' - anon reads nothing'
from pg_class c
where c.relnamespace = 'tollgate'::regnamespace and c.relkind in ('r', 'p', 'v') and has_table_privilege('anon', c.oid, 'select');

select case when count(*) > 0 then 'ok 5' else 'not ok 5' end || ' - the catalog is there (supabase/seed.sql)'
from tollgate.catalog_plans;

set local role service_role;
select case when (tollgate.check_and_increment_usage('tap-a', 'words_used', null, 10) ->> 'used') = '10'
  and (tollgate.check_and_increment_usage('tap-b', 'words_used', null, 20) ->> 'used') = '20'
  then 'ok 6' else 'not ok 6' end || ' - the server counts';

set local role authenticated;
set local request.jwt.claims = '{"sub": "tap-a", "role": "authenticated"}';
select case when count(*) = 1 and min(user_id) = 'tap-a' then 'ok 7' else 'not ok 7' end || ' - a user reads their own row only'
from tollgate.subscriptions;

set local request.jwt.claims = '{"role": "authenticated"}';
select case when count(*) = 0 then 'ok 8' else 'not ok 8' end || ' - a token without a subject reads nothing'
from tollgate.subscriptions;
rollback;
