-- transactional
-- A shard that failed on one executor is tried on another first: until then, it is not given to the one where it failed.
set local search_path = public, pg_temp;
alter table instance_live add column avoid_executor_id bigint, add column avoid_until timestamptz;
-- (It says nothing of what has ended; but the two tables have the same columns.)
alter table instance_history add column avoid_executor_id bigint, add column avoid_until timestamptz;
