/** All objects of the schemas `tollgate` and `public` as text by name, to compare two databases. */
import type pg from "pg";

/** From "function tollgate.consume(text)" to its definition, grants and comment. */
export type Snapshot = Map<string, string>;

/**
 * Reads the catalogs, without the order of a table's columns (a migration can only append one), data, and objects of
 * extensions.
 */
export async function readSnapshot(client: pg.Client): Promise<Snapshot> {
  // Without a search path, every definition has qualified names.
  await client.query("set search_path = ''");
  const snapshot: Snapshot = new Map();
  for (const query of QUERIES) {
    const { rows } = await client.query<{ name: string; definition: string }>(query);
    for (const { name, definition } of rows) snapshot.set(name, definition);
  }
  return snapshot;
}

const NAMESPACES = `('tollgate'::regnamespace, 'public'::regnamespace)`;

const ours = (catalog: string, alias: string, namespace: string) => `
  ${alias}.${namespace} in ${NAMESPACES} and not exists (
    select from pg_catalog.pg_depend owned
    where owned.classid = 'pg_catalog.${catalog}'::regclass and owned.objid = ${alias}.oid and owned.deptype = 'e'
  )`;

/** One grant per line in a fixed order; null becomes the built-in default. */
const grants = (acl: string, kind: string, owner: string) => `
  (select pg_catalog.string_agg('grant ' || item::text, E'\\n' order by item::text)
   from pg_catalog.unnest(coalesce(${acl}, pg_catalog.acldefault('${kind}', ${owner}))) as item)`;

const comment = (oid: string, catalog: string) => `'comment ' || pg_catalog.obj_description(${oid}, '${catalog}')`;

const lines = (...parts: string[]) => `pg_catalog.concat_ws(E'\\n', ${parts.join(", ")})`;

const RELATION_KINDS = `('r', 'p', 'v', 'm', 'S', 'f')`;

const QUERIES = [
  `select 'schema ' || n.nspname as name, ${lines(
    "'owner ' || n.nspowner::regrole",
    grants("n.nspacl", "n", "n.nspowner"),
  )} as definition
   from pg_catalog.pg_namespace n where n.oid in ${NAMESPACES}`,

  `select 'default privileges of ' || d.defaclrole::regrole || ' for ' || d.defaclobjtype::text || coalesce(' in ' || n.nspname, '') as name,
     ${grants("d.defaclacl", "r", "d.defaclrole")} as definition
   from pg_catalog.pg_default_acl d left join pg_catalog.pg_namespace n on n.oid = d.defaclnamespace
   where d.defaclnamespace = 0 or n.oid in ${NAMESPACES}`,

  `select case c.relkind when 'v' then 'view ' when 'm' then 'materialized view ' when 'S' then 'sequence ' else 'table ' end
       || c.oid::regclass as name,
     ${lines(
       "'kind ' || c.relkind::text || ' persistence ' || c.relpersistence::text || ' replica identity ' || c.relreplident::text",
       "'owner ' || c.relowner::regrole",
       "case when c.relrowsecurity then 'row level security' end",
       "case when c.relforcerowsecurity then 'row level security forced' end",
       "'options ' || c.reloptions::text",
       "'partition by ' || pg_catalog.pg_get_partkeydef(c.oid)",
       "(select 'inherits ' || pg_catalog.string_agg(i.inhparent::regclass::text, ', ' order by i.inhseqno) from pg_catalog.pg_inherits i where i.inhrelid = c.oid)",
       "'partition ' || pg_catalog.pg_get_expr(c.relpartbound, c.oid)",
       "case when c.relkind in ('v', 'm') then pg_catalog.pg_get_viewdef(c.oid) end",
       `case when c.relkind = 'S' then ${grants("c.relacl", "s", "c.relowner")} else ${grants("c.relacl", "r", "c.relowner")} end`,
       comment("c.oid", "pg_class"),
     )} as definition
   from pg_catalog.pg_class c where c.relkind in ${RELATION_KINDS} and ${ours("pg_class", "c", "relnamespace")}`,

  `select 'column ' || c.oid::regclass || '.' || pg_catalog.quote_ident(a.attname) as name,
     ${lines(
       "pg_catalog.format_type(a.atttypid, a.atttypmod)",
       "case when a.attnotnull then 'not null' end",
       "'default ' || pg_catalog.pg_get_expr(d.adbin, d.adrelid)",
       "'identity ' || nullif(a.attidentity::text, '')",
       "'generated ' || nullif(a.attgenerated::text, '')",
       "'collation ' || nullif(a.attcollation, 0)::regcollation",
       "'storage ' || a.attstorage::text || ' compression ' || a.attcompression::text",
       "'options ' || a.attoptions::text",
       "'statistics ' || a.attstattarget",
       "'grants ' || a.attacl::text",
       "'comment ' || pg_catalog.col_description(c.oid, a.attnum)",
     )} as definition
   from pg_catalog.pg_class c
   join pg_catalog.pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
   left join pg_catalog.pg_attrdef d on d.adrelid = c.oid and d.adnum = a.attnum
   where c.relkind in ('r', 'p', 'v', 'm', 'f') and ${ours("pg_class", "c", "relnamespace")}`,

  `select 'constraint ' || k.conname || ' on ' || coalesce(nullif(k.conrelid, 0)::regclass::text, k.contypid::regtype::text) as name,
     ${lines(
       "pg_catalog.pg_get_constraintdef(k.oid)",
       "case when not k.convalidated then 'not validated' end",
       comment("k.oid", "pg_constraint"),
     )} as definition
   from pg_catalog.pg_constraint k where k.connamespace in ${NAMESPACES}`,

  `select 'index ' || i.indexrelid::regclass as name,
     ${lines(
       "pg_catalog.pg_get_indexdef(i.indexrelid)",
       "case when not i.indisvalid then 'invalid' end",
       "case when i.indisreplident then 'replica identity' end",
       comment("c.oid", "pg_class"),
     )} as definition
   from pg_catalog.pg_index i join pg_catalog.pg_class c on c.oid = i.indexrelid
   where ${ours("pg_class", "c", "relnamespace")}`,

  `select 'statistics ' || pg_catalog.quote_ident(s.stxname) as name, pg_catalog.pg_get_statisticsobjdef(s.oid) as definition
   from pg_catalog.pg_statistic_ext s where s.stxnamespace in ${NAMESPACES}`,

  `select 'trigger ' || t.tgname || ' on ' || t.tgrelid::regclass as name,
     ${lines("pg_catalog.pg_get_triggerdef(t.oid)", "'enabled ' || t.tgenabled::text", comment("t.oid", "pg_trigger"))} as definition
   from pg_catalog.pg_trigger t join pg_catalog.pg_class c on c.oid = t.tgrelid
   where not t.tgisinternal and c.relnamespace in ${NAMESPACES}`,

  `select 'rule ' || r.rulename || ' on ' || r.ev_class::regclass as name, pg_catalog.pg_get_ruledef(r.oid) as definition
   from pg_catalog.pg_rewrite r join pg_catalog.pg_class c on c.oid = r.ev_class
   where r.rulename <> '_RETURN' and c.relnamespace in ${NAMESPACES}`,

  `select 'policy ' || p.polname || ' on ' || p.polrelid::regclass as name,
     ${lines(
       "'for ' || p.polcmd::text || case when p.polpermissive then ' permissive' else ' restrictive' end",
       "(select 'to ' || pg_catalog.string_agg(case role when 0 then 'public' else role::regrole::text end, ', ' order by role::regrole::text) from pg_catalog.unnest(p.polroles) as role)",
       "'using ' || pg_catalog.pg_get_expr(p.polqual, p.polrelid)",
       "'with check ' || pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid)",
       comment("p.oid", "pg_policy"),
     )} as definition
   from pg_catalog.pg_policy p join pg_catalog.pg_class c on c.oid = p.polrelid
   where c.relnamespace in ${NAMESPACES}`,

  `select 'function ' || p.oid::regprocedure as name,
     ${lines(
       "pg_catalog.pg_get_functiondef(p.oid)",
       "'owner ' || p.proowner::regrole",
       grants("p.proacl", "f", "p.proowner"),
       comment("p.oid", "pg_proc"),
     )} as definition
   from pg_catalog.pg_proc p where p.prokind <> 'a' and ${ours("pg_proc", "p", "pronamespace")}`,

  `select 'aggregate ' || p.oid::regprocedure as name,
     ${lines("a.aggtransfn::text", "a.aggfinalfn::text", "a.agginitval", grants("p.proacl", "f", "p.proowner"))} as definition
   from pg_catalog.pg_proc p join pg_catalog.pg_aggregate a on a.aggfnoid = p.oid
   where ${ours("pg_proc", "p", "pronamespace")}`,

  `select 'type ' || t.oid::regtype as name,
     ${lines(
       "'kind ' || t.typtype::text",
       "'owner ' || t.typowner::regrole",
       "case when t.typtype = 'd' then pg_catalog.format_type(t.typbasetype, t.typtypmod) || case when t.typnotnull then ' not null' else '' end end",
       "'default ' || t.typdefault",
       "(select 'enum ' || pg_catalog.string_agg(e.enumlabel, ', ' order by e.enumsortorder) from pg_catalog.pg_enum e where e.enumtypid = t.oid)",
       "(select 'attributes ' || pg_catalog.string_agg(a.attname || ' ' || pg_catalog.format_type(a.atttypid, a.atttypmod), ', ' order by a.attnum) from pg_catalog.pg_attribute a where a.attrelid = t.typrelid and a.attnum > 0 and not a.attisdropped)",
       grants("t.typacl", "T", "t.typowner"),
       comment("t.oid", "pg_type"),
     )} as definition
   from pg_catalog.pg_type t left join pg_catalog.pg_class c on c.oid = t.typrelid
   where (t.typtype in ('d', 'e', 'r') or c.relkind = 'c') and ${ours("pg_type", "t", "typnamespace")}`,

  `select 'extension ' || e.extname as name, 'in ' || e.extnamespace::regnamespace as definition
   from pg_catalog.pg_extension e`,
];
