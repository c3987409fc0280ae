-- transactional
-- People who signed in. Users belong to the platform, and so do their sessions: only the engine's role sees them.
set local search_path = public, pg_temp;

-- Somebody else chose the password: until it is changed, the user can do nothing but change it.
alter table user_account add column must_change_password boolean not null default false;
create index membership_of_user on membership (user_id);

create table user_session (
  id bigint primary key default nextval('carillon_id'),
  user_id bigint not null references user_account,
  hash bytea not null unique, -- sha256 of 256 random bits, as of tokens
  address text not null,
  agent text not null default '', -- what the browser says that it is
  created_at timestamptz not null default statement_timestamp(),
  seen_at timestamptz not null default statement_timestamp(), -- renewed every few minutes, not with each request
  expires_at timestamptz not null -- whatever happens; it may end earlier for idleness
) with (fillfactor = 70);
create index user_session_of on user_session (user_id, id);
create index user_session_expiry on user_session (expires_at);
grant select, insert, update, delete on user_session to carillon_engine;
