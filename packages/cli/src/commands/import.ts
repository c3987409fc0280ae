import { BULK_MAX, type AppliedDefinition, type Client } from '@carillon/contract'
import { Option, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { exportKind } from '../documents/export.ts'
import { sendDocuments } from '../documents/send.ts'
import { differencesText, summaryOf } from '../documents/show.ts'
import { Failure } from '../failure.ts'
import { readSecret } from '../read-secret.ts'
import { registerExecutors, releaseExecutors } from '../xxl-job/by-hand.ts'
import { documentsOf, schedulesToResume } from '../xxl-job/documents.ts'
import { planImport, type ImportPlan } from '../xxl-job/plan.ts'
import { adminWrites } from '../xxl-job/read-mysql.ts'
import { whyNoZone } from '../xxl-job/schedule.ts'
import { planText } from '../xxl-job/show.ts'
import { CHILDREN, DEFAULT_CHILDREN, type Children } from '../xxl-job/trees.ts'
import { mysqlUrl, readSource, type Source } from '../xxl-job/source.ts'
import { DEFAULT_EXECUTORS, EXECUTORS, type Executors } from '../xxl-job/work.ts'

interface ImportOptions extends ApiOptions {
  readonly dump?: string
  readonly mysql?: string
  readonly timezone: string
  readonly executors: Executors
  readonly children: Children
  readonly apply?: true
  readonly activate?: true
  readonly xxlJobIsStopped?: true
  readonly executorToken?: true
}

export function addImport(program: Command, cli: Cli): void {
  const command = program.command('import').description('Take over what another scheduler does')
  addApiOptions(command.command('xxl-job'))
    .description(
      'Show what an xxl-job database becomes; with --apply, import it with all schedules paused. Repeating it changes nothing',
    )
    .option('--dump <file>', 'what mysqldump wrote, gzipped or not')
    .option('--mysql <url>', 'or the database itself, which is only read (CARILLON_XXL_JOB_MYSQL)')
    .requiredOption('--timezone <name>', 'timezone in which the old admin read its cron expressions, such as Asia/Shanghai')
    .addOption(
      new Option(
        '--executors <kind>',
        'who does the work: the executors of xxl-job as they are, or ones written with an SDK of Carillon',
      )
        .choices(EXECUTORS)
        .default(DEFAULT_EXECUTORS),
    )
    .addOption(
      new Option(
        '--children <form>',
        'what child jobs become: links from task to task, or a DAG of each tree that one job alone starts',
      )
        .choices(CHILDREN)
        .default(DEFAULT_CHILDREN),
    )
    .option('--apply', 'import it')
    .option(
      '--executor-token',
      'with --apply: read the token of the role executor that executors with typed addresses call back with from standard input, or ask for it, and register them',
    )
    .option('--activate', 'resume the schedules of the jobs that xxl-job fired; only once its admin is stopped')
    .option('--xxl-job-is-stopped', 'says so, which --activate needs: else both would fire')
    .action((options: ImportOptions) => importXxlJob(cli, options))
}

async function importXxlJob(cli: Cli, options: ImportOptions): Promise<void> {
  const { terminal } = cli
  const source = sourceOf(cli, options)
  const noZone = whyNoZone(options.timezone)
  if (noZone !== null) throw new Failure('USAGE', `--timezone: ${noZone}.`)
  if (options.activate) await assertStopped(source, options)
  const { timezone, executors, children } = options
  const plan = planImport(await readSource(source), { timezone, executors, children, now: Date.now() })
  // Who only activates has read it before.
  if (!options.json && (options.apply || !options.activate)) terminal.print(planText(terminal, plan))
  const client = options.apply || options.activate ? connect(cli, options) : null
  const applied = options.apply ? await applyPlan(client!, plan) : null
  if (applied && !options.json) {
    const text = differencesText(terminal, applied)
    if (text !== '') terminal.print(`\n${text}`)
    terminal.say(`${summaryOf(applied)}.`)
  }
  const registered = options.apply ? await register(cli, client!, plan, options) : null
  // Before what they are to do begins.
  const released = options.activate ? await releaseExecutors(client!, plan.executors) : null
  if (released && released.length > 0 && !options.json) terminal.say(`Executors that get work from now on: ${released.length}.`)
  const resumed = options.activate ? await resume(client!, schedulesToResume(plan)) : null
  if (options.json) printJson(cli, { ...plan, applied, registered, released, resumed })
  else terminal.say(nextStep(plan, options, resumed))
}

async function register(cli: Cli, client: Client, plan: ImportPlan, { executorToken, json }: ImportOptions) {
  const { executors } = plan
  if (executors.length === 0) return []
  if (!executorToken) {
    if (!json)
      cli.terminal.say(`Executors that are not registered: ${executors.length}. Their token is wanted: --executor-token.`)
    return []
  }
  const made = await registerExecutors(client, executors, await readSecret(cli, 'Token of the executors'))
  if (!json) cli.terminal.say(`Executors registered, in maintenance: ${made.length}.`)
  return made
}

function sourceOf({ env }: Cli, { dump, mysql }: ImportOptions): Source {
  if (dump !== undefined && mysql !== undefined) throw new Failure('USAGE', 'Read which, --dump or --mysql? Only one of them.')
  if (dump !== undefined) return { kind: 'DUMP', path: dump }
  const url = mysql ?? env.CARILLON_XXL_JOB_MYSQL
  if (url !== undefined) return { kind: 'MYSQL', url: mysqlUrl(url) }
  throw new Failure(
    'USAGE',
    'Import from where?',
    'Name a dump, --dump xxl_job.sql, or the database, --mysql mysql://user@host/xxl_job.',
  )
}

/** What fires in two places does its work twice. That the old admin is stopped only people know; that it is not, its traces may tell. */
async function assertStopped(source: Source, { xxlJobIsStopped }: ImportOptions): Promise<void> {
  if (!xxlJobIsStopped)
    throw new Failure(
      'USAGE',
      'While the admin of xxl-job runs, --activate would make everything fire twice.',
      'Stop it, then say so: --activate --xxl-job-is-stopped.',
    )
  if (source.kind === 'MYSQL' && (await adminWrites(source.url)))
    throw new Failure(
      'REFUSED',
      'The admin of xxl-job runs: it has written down beats of executors within the last minute.',
      'Stop it first.',
    )
}

/** A large import need not be one transaction: repeated, it goes on. So each request stays far from what a busy server has time for. */
const MOST_AT_ONCE = 200

async function applyPlan(client: Client, plan: ImportPlan): Promise<AppliedDefinition[]> {
  const codes = async (kind: 'App' | 'Schedule') => new Set((await exportKind(client, kind)).map(({ code }) => code))
  const documents = documentsOf(plan, { apps: await codes('App'), schedules: await codes('Schedule') })
  const found = documents.map((document) => ({
    document,
    where: (pointer: string) => `${document.kind} ${document.code}${pointer}`,
  }))
  return found.length === 0 ? [] : sendDocuments(client, found, 'apply', MOST_AT_ONCE)
}

async function resume(client: Client, codes: readonly string[]): Promise<string[]> {
  for (let from = 0; from < codes.length; from += BULK_MAX) {
    const body = { schedules: codes.slice(from, from + BULK_MAX), action: 'resume' as const }
    const refused = (await client.schedules.bulk({ body })).items.filter(({ ok }) => !ok)
    if (refused.length > 0)
      throw new Failure(
        'REFUSED',
        `Not resumed: ${refused.map(({ ref, detail }) => `${ref} (${detail ?? ''})`).join(', ')}`,
        'What has not been imported yet is with --apply. All others are resumed.',
      )
  }
  return [...codes]
}

function nextStep(plan: ImportPlan, { apply }: ImportOptions, resumed: readonly string[] | null): string {
  if (resumed) return `Schedules that fire from now on: ${resumed.length}.`
  if (!apply) return 'Nothing has been changed. With --apply it is imported, all schedules paused.'
  const waiting = schedulesToResume(plan).length
  return `Schedules that xxl-job fired: ${waiting}. Stop its admin, then: --activate --xxl-job-is-stopped.`
}
