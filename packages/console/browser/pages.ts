export interface Place {
  readonly name: string
  readonly path: string
  /** What comes after the page itself and must be there too. */
  readonly shows?: string
}

/** What has a number for an address, which only the server knows. */
export interface Samples {
  /** Of a DAG: it failed in one of its nodes. */
  readonly failedRun: number
  /** Of a task: it succeeded. */
  readonly taskRun: number
  readonly executor: number
}

/** Every page that can be reached with what the server of these tests holds. */
export const pagesOf = (samples: Samples): readonly Place[] => [...PAGES, ...numberedPages(samples)]

/** Those whose address has a number in it. */
export function numberedPages({ failedRun, taskRun, executor }: Samples): readonly Place[] {
  const run = `/t/default/runs/${failedRun}`
  return [
    { name: 'run-graph', path: run, shows: '[role=treeitem]' },
    { name: 'run-gantt', path: `${run}?view=gantt&panel=attempts`, shows: 'main table tbody tr' },
    { name: 'run-data', path: `${run}?view=data&panel=data`, shows: 'main pre' },
    { name: 'run-log', path: `${run}?line=2-3&q=rate`, shows: '[data-line="2"]' },
    { name: 'run-waits', path: `/t/default/runs/${taskRun}?panel=waits`, shows: 'main table tbody tr' },
    { name: 'run-of-task', path: `/t/default/runs/${taskRun}`, shows: '[data-line="1"]' },
    { name: 'instances', path: '/t/default/instances' },
    { name: 'instances-of-run', path: `/t/default/instances?run=${failedRun}` },
    { name: 'executor', path: `/t/default/executors/${executor}` },
    { name: 'executor-tasks', path: `/t/default/executors/${executor}?tab=tasks` },
    { name: 'executor-instances', path: `/t/default/executors/${executor}?tab=instances` },
    { name: 'executor-history', path: `/t/default/executors/${executor}?tab=history` },
  ]
}

const PAGES: readonly Place[] = [
  { name: 'overview', path: '/t/default' },
  { name: 'runs', path: '/t/default/runs' },
  { name: 'run-missing', path: '/t/default/runs/999999999' },
  { name: 'runs-none-match', path: '/t/default/runs?state=TIMEOUT' },
  { name: 'tasks', path: '/t/default/tasks' },
  { name: 'task', path: '/t/default/tasks/weather-report-seattle' },
  { name: 'task-runs', path: '/t/default/tasks/weather-report-seattle?tab=runs' },
  { name: 'task-schedules', path: '/t/default/tasks/weather-report-seattle?tab=schedules' },
  { name: 'task-policies', path: '/t/default/tasks/weather-report-seattle?tab=policies' },
  { name: 'task-history', path: '/t/default/tasks/weather-report-seattle?tab=history' },
  { name: 'task-run-dialog', path: '/t/default/tasks?run=weather-report-seattle' },
  { name: 'task-missing', path: '/t/default/tasks/nothing-of-that-name' },
  { name: 'task-types', path: '/t/default/task-types' },
  { name: 'task-type', path: '/t/default/task-types/weather-report' },
  { name: 'task-type-form', path: '/t/default/task-types/platform.email?tab=form' },
  { name: 'dags', path: '/t/default/dags' },
  { name: 'dag', path: '/t/default/dags/nightly?node=load' },
  { name: 'dag-versions', path: '/t/default/dags/nightly?tab=versions' },
  { name: 'dag-diff', path: '/t/default/dags/nightly?tab=versions&from=1&to=2' },
  { name: 'dag-parameters', path: '/t/default/dags/nightly?tab=parameters' },
  { name: 'dag-settings', path: '/t/default/dags/nightly?tab=settings' },
  { name: 'dag-history', path: '/t/default/dags/nightly?tab=history' },
  { name: 'dag-run-dialog', path: '/t/default/dags/nightly?run=1' },
  { name: 'dag-editor', path: '/t/default/dags/nightly/edit?version=2&node=load' },
  { name: 'dag-editor-outline', path: '/t/default/dags/nightly/edit?version=2&view=outline' },
  { name: 'dag-editor-json', path: '/t/default/dags/nightly/edit?version=2&view=json' },
  { name: 'schedules', path: '/t/default/schedules' },
  { name: 'schedules-none-match', path: '/t/default/schedules?q=nothing-of-that-name' },
  { name: 'schedules-calendar', path: '/t/default/schedules?tab=calendar' },
  { name: 'schedules-load', path: '/t/default/schedules?tab=load' },
  { name: 'schedule', path: '/t/default/schedules/weather-every-minute' },
  { name: 'schedule-fires', path: '/t/default/schedules/weather-every-minute?tab=fires' },
  { name: 'schedule-backfills', path: '/t/default/schedules/weather-every-minute?tab=backfills' },
  { name: 'schedule-history', path: '/t/default/schedules/weather-every-minute?tab=history' },
  { name: 'instances-none-match', path: '/t/default/instances?state=LOST' },
  { name: 'executors', path: '/t/default/executors' },
  { name: 'executors-none-match', path: '/t/default/executors?status=DRAINING' },
  { name: 'executor-missing', path: '/t/default/executors/999999999' },
  { name: 'apps', path: '/t/default/apps' },
  { name: 'app', path: '/t/default/apps/examples' },
  { name: 'platform', path: '/platform' },
  { name: 'nodes', path: '/platform/nodes' },
  { name: 'audit', path: '/t/default/audit' },
  { name: 'calendars', path: '/t/default/calendars' },
  { name: 'secrets', path: '/t/default/secrets' },
  { name: 'tokens', path: '/t/default/tokens' },
  { name: 'members', path: '/t/default/members' },
  { name: 'tenants', path: '/platform/tenants' },
  { name: 'users', path: '/platform/users' },
  { name: 'me', path: '/me' },
  { name: 'no-page', path: '/nothing/here' },
]
