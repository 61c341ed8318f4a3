-- The ledger's first partitions. The partitions job creates later ones.
select tollgate.create_ledger_partitions((current_date - interval '13 months')::date, 26);
