import pg from 'pg'
import type { Bench } from '../bench.ts'
import type { Contestant } from '../harness/rounds.ts'

const BATCH = 500
const TENANT = 1

/**
 * What PostgreSQL itself allows: rows are inserted, claimed and finished (moved to history with a result) by single statements over
 * batches of 500, from one process with one connection for each of the three, which work at the same time. No API, no executor,
 * no decisions. Nothing that keeps this history can be faster.
 */
export async function sqlFloor({ postgres, atEnd }: Bench): Promise<Contestant> {
  const url = await postgres.createDatabase('floor')
  await postgres.query(url, SCHEMA)
  const clients = await Promise.all([connect(url), connect(url), connect(url)])
  atEnd(() => Promise.all(clients.map((client) => client.end())))
  const [inserter, claimer, finisher] = clients
  return {
    warmUp: 2_000,
    async round(count) {
      const claimed: string[][] = []
      let finished = 0
      const begun = performance.now()
      const insert = async () => {
        for (let from = 0; from < count; from += BATCH) {
          const size = Math.min(BATCH, count - from)
          await run(inserter, INSERT, [Array.from({ length: size }, (_, place) => JSON.stringify({ n: from + place }))])
        }
      }
      const claim = async () => {
        for (let taken = 0; taken < count;) {
          const ids = (await run(claimer, CLAIM, [TENANT, BATCH])).map((row) => row.id as string)
          if (ids.length > 0) claimed.push(ids)
          taken += ids.length
        }
      }
      const finish = async () => {
        while (finished < count) {
          const ids = claimed.splice(0, 1)[0]
          if (ids === undefined) await new Promise((resolve) => setImmediate(resolve))
          else finished += (await run(finisher, FINISH, [TENANT, ids, ids.map(() => '{"ok": true}')])).length
        }
      }
      await Promise.all([insert(), claim(), finish()])
      return performance.now() - begun
    },
  }
}

/** As on Carillon's connections: the tables are empty at one moment and full at the next, and no plan should depend on which. */
const BY_KEY = ['enable_seqscan=off', 'enable_hashjoin=off', 'enable_mergejoin=off', 'plan_cache_mode=force_generic_plan']
  .map((each) => `-c ${each}`)
  .join(' ')

const SCHEMA = `
  create sequence job_id;
  create table live (
    tenant_id bigint not null, id bigint not null default nextval('job_id'), state text not null default 'PENDING', params jsonb not null,
    created_at timestamptz not null default statement_timestamp(), claimed_at timestamptz, primary key (tenant_id, id)
  ) with (fillfactor = 70, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
  create index live_pending on live (tenant_id, id) where state = 'PENDING';
  create table history (
    tenant_id bigint not null, id bigint not null, state text not null, params jsonb not null, created_at timestamptz not null,
    claimed_at timestamptz, ended_at timestamptz not null, result jsonb, primary key (tenant_id, id)
  );`

const INSERT = { name: 'insert', text: `insert into live (tenant_id, params) select ${TENANT}, p from unnest($1::jsonb[]) p` }

const CLAIM = {
  name: 'claim',
  text: `with chosen as (
      select ctid as place from live where tenant_id = $1 and state = 'PENDING' order by id limit $2 for no key update skip locked)
    update live l set state = 'RUNNING', claimed_at = statement_timestamp() from chosen where l.ctid = chosen.place returning l.id`,
}

const FINISH = {
  name: 'finish',
  text: `with ended as (
      select e.result, found.place from unnest($2::bigint[], $3::jsonb[]) as e (id, result)
      cross join lateral (select ctid as place from live where tenant_id = $1 and id = e.id limit 1) found),
    gone as (delete from live l using ended where l.ctid = ended.place
             returning l.tenant_id, l.id, l.params, l.created_at, l.claimed_at, ended.result)
    insert into history (tenant_id, id, state, params, created_at, claimed_at, ended_at, result)
    select tenant_id, id, 'SUCCESS', params, created_at, claimed_at, statement_timestamp(), result from gone returning id`,
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, options: BY_KEY })
  client.on('error', () => undefined) // the statement under way, if any, fails with it
  await client.connect()
  return client
}

async function run(client: pg.Client, statement: { name: string; text: string }, values: unknown[]) {
  return (await client.query<Record<string, unknown>>({ ...statement, values })).rows
}
