import type { Client, TriggerResult } from '@carillon/contract'
import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { tellEach } from '../each.ts'
import { Failure } from '../failure.ts'
import { followLog } from '../follow-log.ts'
import { parseLimit } from '../limit.ts'
import { collectParam, parseParams, type Params } from '../params.ts'
import { printable } from '../printable.ts'
import { startProgress } from '../progress.ts'
import { endOf, outcomeOf, waitForRun, type EndedRun } from '../wait-for-run.ts'

interface TriggerOptions extends ApiOptions {
  readonly param?: Params
  readonly params?: Params
  readonly dag?: true
  readonly dagVersion?: number
  readonly key?: string
  readonly priority?: number
  readonly bypassConcurrency?: true
  readonly force?: true
  readonly idempotencyKey?: string
  readonly wait?: true
  readonly follow?: true
}

export function addTrigger(program: Command, cli: Cli): void {
  addApiOptions(program.command('trigger <task...>'))
    .description('Run a task now, or with --dag a DAG; several are each answered by itself')
    .option('--dag', 'what is named are DAGs')
    .option('--dag-version <number>', 'an activated version of the DAG; else its active one', parseLimit)
    .option('--key <key>', 'runs of the DAG with the same key get the same version during a gray release')
    .option('-p, --param <key=value>', "a parameter over the task's own; JSON, else text; may be repeated", collectParam)
    .option('--params <json>', 'parameters as a JSON object', parseParams)
    .option('--priority <number>', '1 to 10, 10 first', parseLimit)
    .option('--bypass-concurrency', 'start whatever the concurrency policy says (needs the permission run.bypass)')
    .option('--force', 'also when the task is disabled (needs the permission run.force)')
    .option('--idempotency-key <key>', 'the same key again starts nothing and answers as the first did')
    .option('-w, --wait', 'wait for its end; the exit code says whether it succeeded, of several whether all did')
    .option('-f, --follow', 'show its log while it runs, and wait for its end')
    .action((codes: readonly string[], options: TriggerOptions) => {
      assertFits(options, codes.length)
      return codes.length === 1 ? triggerOne(cli, codes[0]!, options) : triggerMany(cli, codes, options)
    })
}

async function triggerOne(cli: Cli, code: string, options: TriggerOptions): Promise<void> {
  const client = connect(cli, options)
  const { wait, follow, json } = options
  const started = options.dag
    ? await client.runs.triggerDag({ params: { dag: code }, body: { ...bodyOf(options), ...ofDag(options) } }, under(options))
    : await client.runs.trigger({ params: { task: code }, body: bodyOf(options) }, under(options))
  if (!wait && !follow) return json ? printJson(cli, started) : cli.terminal.print(printable(startedText(started)))
  if (!json) cli.terminal.say(startedText(started))
  if (follow) await followLog(cli, client, started.runId)
  end(cli, await waiting(cli, () => waitForRun(client, started.runId)), options)
}

/** One request, with the same parameters for all of them. */
async function triggerMany(cli: Cli, codes: readonly string[], options: TriggerOptions): Promise<void> {
  const client = connect(cli, options)
  const items = codes.map((code) =>
    options.dag ? { dag: code, ...bodyOf(options), ...ofDag(options) } : { task: code, ...bodyOf(options) },
  )
  const started = (await client.runs.triggerMany({ body: { items } }, under(options))).items
  if (!options.wait) return tellEach(cli, options, started, { name: nameOf, done: (each) => startedAs(each) })
  const ended = await waiting(cli, () => endedOf(client, started))
  tellEach(cli, options, ended, { name: nameOfEnded, done: ({ run }) => `ended: ${endOf(run!)}` })
}

type Ended = TriggerResult & { readonly run?: EndedRun }

/** What began, with its end, by which it has succeeded or not; a refusal as it is. One is waited for after the other: they run meanwhile. */
async function endedOf(client: Client, started: readonly TriggerResult[]): Promise<Ended[]> {
  const ended: Ended[] = []
  for (const each of started) {
    const run = each.runId === undefined ? undefined : await waitForRun(client, each.runId)
    ended.push(run === undefined ? each : { ...each, ok: run.state === 'SUCCESS', detail: endOf(run), run })
  }
  return ended
}

const nameOf = ({ task, dag }: TriggerResult) => (dag === undefined ? `Task ${task}` : `DAG ${dag}`)
const nameOfEnded = (ended: Ended) =>
  ended.run === undefined ? nameOf(ended) : `Run ${ended.run.id} of ${ended.dag ?? ended.task}`

function startedAs({ runId, state, reason }: TriggerResult): string {
  return state === 'SKIPPED' ? `was skipped, as run ${runId}: ${reason}` : `started as run ${runId}`
}

const under = ({ idempotencyKey }: TriggerOptions) => (idempotencyKey === undefined ? {} : { idempotencyKey })

function bodyOf({ param, params, priority, bypassConcurrency, force }: TriggerOptions) {
  return {
    ...(param || params ? { params: { ...params, ...param } } : {}),
    ...(priority === undefined ? {} : { priority }),
    ...(bypassConcurrency ? { bypassConcurrency } : {}),
    ...(force ? { force } : {}),
  }
}

function ofDag({ dagVersion, key }: TriggerOptions) {
  return { ...(dagVersion === undefined ? {} : { version: dagVersion }), ...(key === undefined ? {} : { key }) }
}

function assertFits({ dag, dagVersion, key, follow }: TriggerOptions, count: number): void {
  if (!dag && (dagVersion !== undefined || key !== undefined)) {
    throw new Failure('USAGE', '--dag-version and --key are for DAGs.', 'Say --dag too.')
  }
  if (dag && follow)
    throw new Failure('USAGE', 'A run of a DAG has no log of its own; its nodes have.', 'Say --wait instead of --follow.')
  if (count > 1 && follow)
    throw new Failure('USAGE', 'The log of one run can be followed, not those of several.', 'Say --wait instead of --follow.')
}

function startedText({
  runId,
  state,
  reason,
  replayed,
}: {
  runId: number
  state: string
  reason: string | null
  replayed: boolean
}): string {
  if (replayed) return `Run ${runId} was started under this key before.`
  return state === 'SKIPPED' ? `Run ${runId} was skipped: ${reason}.` : `Run ${runId} started.`
}

async function waiting<T>(cli: Cli, work: () => Promise<T>): Promise<T> {
  const progress = startProgress(cli.terminal)
  if (cli.terminal.interactive) progress.step('Waiting for the run to end …')
  try {
    return await work()
  } finally {
    progress.end()
  }
}

function end(cli: Cli, run: EndedRun, { json }: TriggerOptions): void {
  if (json) printJson(cli, run)
  if (run.state === 'SUCCESS') return json ? undefined : cli.terminal.print(outcomeOf(run))
  throw new Failure(
    'FAILED',
    outcomeOf(run),
    `npx carillon logs ${run.id} shows its log, npx carillon describe run ${run.id} its ${run.dag ? 'nodes' : 'attempts'}.`,
  )
}
