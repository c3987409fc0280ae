-- transactional
-- Executors of xxl-job that people register: what a session of one is opened with, as soon as it answers its first beat. Beside the token of our
-- own protocol (call_token), for the same reason; the engine alone reads it.
set local search_path = public, pg_temp;

alter table executor_check
  add column xxl_dialect text check (xxl_dialect in ('AB', 'C')), -- AB until it is found to know the word of C alone
  add column xxl_token_id bigint, -- the api_token that it shows when it calls back
  add column xxl_key_id bigint, -- the data key under which that token is sealed
  add column xxl_sealed bytea;
