import { cutAtCommit } from '../scenario/f13-cut-at-commit.ts'
import { contradictReports } from '../scenario/f18-contradict-reports.ts'
import { disturbNothing } from '../scenario/disturb-nothing.ts'
import { fireTogether } from '../scenario/f03-fire-together.ts'
import type { Scenario } from '../scenario/scenario.ts'

/** A bug that is planted into a copy of the built server, to show that the checks would see it. */
export interface Mutant {
  readonly id: string
  readonly title: string
  readonly patches: readonly Patch[]
  /** What is done to the database besides. */
  readonly sql?: string
  /** Under which fault the bug does harm. */
  readonly scenario: Scenario
  readonly count: number
  /** The check that must turn red. */
  readonly caughtBy: string
}

/** `from` must stand in the file exactly once: a mutant that no longer fits the server says so instead of passing for harmless. */
export interface Patch {
  readonly file: string
  readonly from: string
  readonly to: string
}

const expire = (condition: string, parameters = '[limit]'): Patch[] => [
  {
    file: 'storage/executor-session.js',
    from: 'ended_at is null and lease_until < statement_timestamp()',
    to: `ended_at is null and ${condition}`,
  },
  { file: 'storage/executor-session.js', from: 'tx.query(EXPIRE, [limit])', to: `tx.query(EXPIRE, ${parameters})` },
]

export const MUTANTS: readonly Mutant[] = [
  {
    id: 'M01',
    title: 'no key on the ledger, nor the row lock before it, which alone would still hide that',
    patches: [
      {
        file: 'storage/schedule-due.js',
        from: "order by l.due_at limit ${share('$1')} for no key update skip locked) d",
        to: "order by l.due_at limit ${share('$1')}) d",
      },
      {
        file: 'storage/schedule-due.js',
        from: 'where l.tenant_id = wanted.tenant_id and l.schedule_id = wanted.schedule_id for no key update skip locked) d',
        to: 'where l.tenant_id = wanted.tenant_id and l.schedule_id = wanted.schedule_id) d',
      },
    ],
    sql: 'alter table fire drop constraint fire_pkey',
    scenario: fireTogether,
    count: 3,
    caughtBy: 'C2 occurrences',
  },
  {
    id: 'M04',
    title: 'a report is accepted whatever its token',
    patches: [{ file: 'lifecycle/report.js', from: 'instance.token === item.token &&', to: '' }],
    scenario: contradictReports,
    count: 300,
    caughtBy: 'C3 leases',
  },
  {
    id: 'M05',
    title: 'the token stays when another attempt begins',
    patches: [
      { file: 'storage/instance.js', from: `token = i.token + 1,`, to: `token = greatest(i.token, 1),` },
      { file: 'lifecycle/reserve.js', from: 'token: instance.token + 1', to: 'token: Math.max(instance.token, 1)' },
    ],
    scenario: disturbNothing,
    count: 100,
    caughtBy: 'C3 leases',
  },
  {
    id: 'M06',
    title: "leases run out by the node's own clock, and one node's is wrong",
    patches: expire('lease_until < at_ms($2)', '[limit, Date.now()]'),
    scenario: disturbNothing,
    count: 200,
    caughtBy: 'C3 leases',
  },
  {
    id: 'M07',
    title: 'answers go out before COMMIT',
    patches: [
      {
        file: 'storage/database.js',
        from: `await Promise.all([opening, ended]);`,
        to: `ended.catch(() => undefined);`,
      },
    ],
    scenario: cutAtCommit,
    count: 20,
    caughtBy: 'C1 acknowledged',
  },
  {
    id: 'M13',
    title: 'leases run out although heartbeats come',
    patches: expire(`started_at < statement_timestamp() - interval '3 s'`),
    scenario: disturbNothing,
    count: 200,
    caughtBy: 'C3 leases',
  },
]
