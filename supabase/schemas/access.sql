-- Last: every object exists.
select tollgate.grant_access();
