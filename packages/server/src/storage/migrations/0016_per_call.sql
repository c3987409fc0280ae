-- transactional
-- How many assignments one call of a push executor may carry; null: as many as there are for it.
set local search_path = public, pg_temp;
alter table executor add column per_call int check (per_call between 1 and 1000);
