-- The ledger's partitions around today, as the first migration makes them. Later ones are made by the partitions job.
select tollgate.create_ledger_partitions((current_date - interval '13 months')::date, 26);
