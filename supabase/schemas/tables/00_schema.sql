-- All objects of Tollgate are in one schema, so that an application's own tables keep their names.
create schema tollgate;
comment on schema tollgate is 'Billing and usage tracking.';
