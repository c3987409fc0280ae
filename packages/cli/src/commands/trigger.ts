import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { Failure } from '../failure.ts'
import { followLog } from '../follow-log.ts'
import { parseLimit } from '../limit.ts'
import { collectParam, parseParams, type Params } from '../params.ts'
import { startProgress } from '../progress.ts'
import { outcomeOf, waitForRun, type EndedRun } from '../wait-for-run.ts'

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
  addApiOptions(program.command('trigger <task>'))
    .description('Run a task, or with --dag a DAG, now')
    .option('--dag', 'what is named is a DAG')
    .option('--dag-version <number>', 'an activated version of the DAG; else its active one', parseLimit)
    .option('--key <key>', 'runs of the DAG with the same key get the same version during a gray release')
    .option('-p, --param <key=value>', "a parameter over the task's own; JSON, else text; may be repeated", collectParam)
    .option('--params <json>', 'parameters as a JSON object', parseParams)
    .option('--priority <number>', '1 to 10, 10 first', parseLimit)
    .option('--bypass-concurrency', 'start whatever the concurrency policy says (needs the permission run.bypass)')
    .option('--force', 'also when the task is disabled (needs the permission run.force)')
    .option('--idempotency-key <key>', 'the same key again starts nothing and answers the first run')
    .option('-w, --wait', 'wait for its end; the exit code says whether it succeeded')
    .option('-f, --follow', 'show its log while it runs, and wait for its end')
    .action(async (task: string, options: TriggerOptions) => {
      assertFits(options)
      const client = connect(cli, options)
      const { idempotencyKey, wait, follow, json } = options
      const under = idempotencyKey === undefined ? {} : { idempotencyKey }
      const started = options.dag
        ? await client.runs.triggerDag({ params: { dag: task }, body: { ...bodyOf(options), ...ofDag(options) } }, under)
        : await client.runs.trigger({ params: { task }, body: bodyOf(options) }, under)
      if (!wait && !follow) return json ? printJson(cli, started) : cli.terminal.print(startedText(started))
      if (!json) cli.terminal.say(startedText(started))
      if (follow) await followLog(cli, client, started.runId)
      end(cli, await waiting(cli, () => waitForRun(client, started.runId)), options)
    })
}

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

function assertFits({ dag, dagVersion, key, follow }: TriggerOptions): void {
  if (!dag && (dagVersion !== undefined || key !== undefined)) {
    throw new Failure('USAGE', '--dag-version and --key are for DAGs.', 'Say --dag too.')
  }
  if (dag && follow)
    throw new Failure('USAGE', 'A run of a DAG has no log of its own; its nodes have.', 'Say --wait instead of --follow.')
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

async function waiting(cli: Cli, work: () => Promise<EndedRun>): Promise<EndedRun> {
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
