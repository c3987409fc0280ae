import { bytes, choice, days, duration, flag, integer, optional, setting, text } from './kinds.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const kb = 2 ** 10
const mb = 2 ** 20

const rest = (fallback: number, description: string) => setting(duration(10, hour), fallback, description)
const pool = (fallback: number, description: string) => setting(integer(1, 200), fallback, description)
const batch = (fallback: number, description: string) => setting(integer(1, 10_000), fallback, description)

/**
 * Every setting there is. The place in this table is the key in carillon.yaml (`pools.engine`) and gives the environment variable
 * (`CARILLON_POOLS_ENGINE`); types, checks, error messages and the documentation's table all come from here.
 */
export const settings = {
  databaseUrl: optional(
    text('`postgresql://…`'),
    'PostgreSQL 15 or newer to work on. Unset: an embedded one in the data folder.',
    {
      env: 'DATABASE_URL',
      secret: true,
    },
  ),
  dataDir: setting(text('folder'), './.carillon', 'Folder for what this node keeps: its id, and the embedded database.'),
  host: setting(text('address'), '127.0.0.1', 'Address to listen on. `0.0.0.0` or `::` opens the server to the network.'),
  port: setting(integer(0, 65_535), 7070, 'Port of the API and the console. 0 takes any free one.'),
  corsOrigins: optional(
    text('origins'),
    'Origins whose pages may call the API, separated by commas: `https://tools.example.org`. Unset: none.',
  ),
  trustProxy: optional(
    text('addresses'),
    'Addresses or networks of reverse proxies, separated by commas, whose `x-forwarded-for` is believed. Unset: none.',
  ),
  publicUrl: optional(
    text('`https://…`'),
    'Where others reach the API: the base of the addresses that callbacks are given. Unset: the own address while the server listens on loopback, otherwise no callbacks.',
  ),
  nodeId: optional(text(), 'Name of this node, unique among all nodes. Unset: generated once and kept in the data folder.'),
  logLevel: setting(
    choice(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']),
    'info',
    'Least level of the log lines this node writes.',
  ),
  pools: {
    engine: pool(4, 'Connections of the scheduling loops.'),
    api: pool(6, 'Connections of the API.'),
    lease: pool(2, 'Connections kept for heartbeats and leases, so that nothing else can starve them.'),
    aside: pool(2, 'Connections for what may wait: tokens that are not known yet, log lines, reasons why something waits.'),
    reads: pool(3, "Connections of the API's reads and lists, which may be slow."),
    console: pool(3, 'Connections for what people who signed in look at; none of their statements takes longer than 2 s.'),
    survey: pool(2, 'Connections for what people are shown across tenants and of the scheduler as a whole, likewise.'),
    live: pool(2, 'Connections that look for what live views show, however many are open.'),
  },
  nodeHeartbeatMs: setting(duration(100, minute), 2_000, 'How often a node says that it lives.'),
  executorHeartbeatMs: setting(duration(100, minute), 5_000, 'How often an executor should say that it lives.'),
  leaseMs: setting(duration(1_000, hour), 30_000, 'How long an executor holds its instances without a heartbeat.'),
  cancelGraceMs: setting(
    duration(0, hour),
    10_000,
    'How long a cancelled or timed-out handler may take to end before it counts as lost.',
  ),
  shardGoneMs: setting(
    duration(1_000, day),
    5 * minute,
    'How long a shard of a broadcast waits for its executor after that one has gone; then it ends as failed.',
  ),
  health: {
    everyMs: setting(
      duration(1_000, hour),
      30_000,
      'How often the health URL of an executor is asked that names no interval itself.',
    ),
    timeoutMs: setting(duration(100, minute), 10_000, 'How long a health check may take.'),
    atOnce: setting(integer(1, 10_000), 256, 'Health checks that this node has under way at once.'),
  },
  misfireAfterMs: setting(duration(1_000, day), minute, 'How late a fire may be before its misfire policy decides about it.'),
  agingMs: setting(duration(1_000, day), minute, 'Waiting time that lifts an instance by one step of priority.'),
  loops: {
    fire: { restMs: rest(1_000, 'Longest rest of the loop that fires due schedules; it rests until the next one is due.') },
    scheduleWakes: { restMs: rest(500, 'Rest of the loop that gives fixed-delay schedules their next fire.') },
    backfill: { restMs: rest(1_000, 'Rest of the loop that works off backfills.') },
    continueRuns: {
      restMs: rest(
        1_000,
        'Longest rest of the loop that does what one run leaves to do to another; it is woken when there is something.',
      ),
    },
    promote: { restMs: rest(500, 'Rest of the loop that queues retries whose pause is over.') },
    dispatch: { restMs: rest(250, 'Rest of the loop that hands instances to push executors.') },
    timeOut: { restMs: rest(1_000, 'Rest of the loop that ends instances past their deadline.') },
    reap: { restMs: rest(1_000, 'Rest of the loop that takes instances back from lost executors.') },
    wake: { restMs: rest(1_000, 'Rest of the loop that looks for work that no wake-up told of.') },
    reconcile: { restMs: rest(30_000, 'Rest of the loop that looks for what should never be left behind.') },
    checkHealth: { restMs: rest(500, 'Rest of the loop that begins the health checks of executors.') },
    prune: { restMs: rest(10 * minute, 'Rest of the loop that drops history past its retention.') },
  },
  batch: {
    fire: batch(1_000, 'Schedules fired in one transaction.'),
    start: batch(500, 'Runs started in one transaction.'),
    claim: batch(500, 'Instances claimed in one transaction.'),
    complete: batch(500, 'Results taken in one transaction.'),
  },
  retention: {
    historyDays: setting(days(1, 3_650), 90, 'How long ended runs are kept.'),
    logDays: setting(days(1, 3_650), 30, 'How long logs are kept.'),
    ledgerDays: setting(days(1, 3_650), 90, 'How long the firing ledger is kept.'),
    auditDays: setting(days(1, 36_500), 365, 'How long the audit trail is kept.'),
    idempotencyMs: setting(duration(minute, 30 * day), day, 'How long an idempotency key is remembered.'),
  },
  sessions: {
    idleMs: setting(duration(minute, 30 * day), 12 * hour, 'How long someone who signed in and does nothing stays signed in.'),
    longestMs: setting(duration(minute, 365 * day), 7 * day, 'How long someone stays signed in, whatever they do.'),
  },
  limits: {
    bodyBytes: setting(bytes(kb, 100 * mb), 5 * mb, 'Largest request body.'),
    paramsBytes: setting(bytes(kb, mb), 64 * kb, 'Largest parameters of a run.'),
    resultBytes: setting(bytes(kb, 10 * mb), 256 * kb, 'Largest result of an instance.'),
    schemaBytes: setting(bytes(kb, mb), 64 * kb, 'Largest JSON Schema of a task type.'),
    logLineBytes: setting(bytes(256, mb), 8 * kb, 'Longest log line; the rest is cut, with a mark.'),
    attemptLogBytes: setting(bytes(kb, 1_024 * mb), 10 * mb, 'Longest log of an attempt; the rest is dropped, with a mark.'),
  },
  secrets: {
    key: optional(
      text('key'),
      'Master key of the secret store: 32 random bytes as base64 or hex. Unset, and no key file: no secrets can be stored or used.',
      {
        secret: true,
      },
    ),
    keyFile: optional(
      text('file'),
      'File that holds the master key instead. Unset: `secrets.key` in the data folder, if there is one, as `carillon dev` makes it.',
    ),
    previousKeys: optional(
      text('keys'),
      'Earlier master keys, separated by commas, that still open what they have locked, until `carillon secrets rotate-key` has run.',
      {
        secret: true,
      },
    ),
  },
  builtinExecutor: setting(
    flag(),
    true,
    'Whether this node runs `http`, `log` and `delay` itself. Else `carillon executor --builtin` does.',
  ),
  builtinCapacity: setting(integer(1, 10_000), 64, 'Instances the built-in executor runs at once.'),
  egressAllowPrivate: setting(
    choice(['auto', true, false, 'tenants']),
    'auto',
    'Which work may reach private and loopback addresses. `true`: all; `tenants`: of each tenant what its `privateTargets` allow; `false`: none, whatever they allow; `auto`: `true` while the server itself listens on loopback and has no `publicUrl` beyond it, else `tenants`.',
  ),
  allowUnsafeDurability: setting(
    flag(),
    false,
    'Accepts a database that may lose acknowledged work (`fsync = off` and its like).',
  ),
} as const
