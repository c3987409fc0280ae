import type { Client, RunResult } from '@carillon/contract'
import type { Command } from 'commander'
import { addApiOptions, connect, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { DAG_OPTION, tellRunsOfDags } from '../control-dags.ts'
import { askEach, tellEach, type Answer } from '../each.ts'
import { instanceOf } from '../node-ref.ts'
import { readRunRefs } from '../run-refs.ts'

interface ControlOptions extends ApiOptions {
  readonly dag?: true
  readonly schedule?: true
  readonly reason?: string
}

/** `carillon cancel`, `pause` and `resume`: one or many runs, or DAGs or schedules as a whole, each answered by itself. */
export function addControlRuns(program: Command, cli: Cli): void {
  addApiOptions(program.command('cancel <run...>'))
    .description('Cancel runs, or single nodes as run/node: what runs is asked to stop')
    .option('--dag', `${DAG_OPTION}: cancel the active runs of them`)
    .action((texts: readonly string[], options: ControlOptions, command: Command) => cancel(cli, texts, options, command))
  addApiOptions(program.command('pause <run...>'))
    .description('Pause runs: what executes goes on, nothing new starts')
    .option('--dag', `${DAG_OPTION}: their runs go on to the end, none starts`)
    .option('--schedule', 'what is named are schedules: their fires are recorded as skipped')
    .option('--reason <text>', 'of DAGs and schedules: why, for others to read')
    .action((texts: readonly string[], options: ControlOptions, command: Command) => pause(cli, texts, options, command))
  addApiOptions(program.command('resume <run...>'))
    .description('Resume paused runs')
    .option('--dag', `${DAG_OPTION}: from now on their runs start again`)
    .option('--schedule', 'what is named are schedules: they fire again from their next fire on')
    .action((texts: readonly string[], options: ControlOptions, command: Command) => resume(cli, texts, options, command))
}

async function cancel(cli: Cli, texts: readonly string[], options: ControlOptions, command: Command): Promise<void> {
  const client = connect(cli, options)
  if (options.dag) {
    const answer = await client.runs.stopDags({ body: { dags: [...new Set(texts)] } })
    return tellRunsOfDags(cli, options, answer, () => 'is being cancelled')
  }
  const { runs, nodes } = readRunRefs(texts, command)
  const ofRuns = runs.length === 0 ? [] : (await client.runs.cancelMany({ body: { runs: [...runs] } })).items
  const ofNodes = await askEach(
    nodes,
    ({ text }) => ({ node: text }),
    async (ref) => client.instances.cancel({ params: { instance: await instanceOf(client, ref) } }),
  )
  tellEach<Answer & { node?: string; runId?: number }>(cli, options, [...ofRuns, ...ofNodes], {
    name: ({ node, runId }) => (node === undefined ? `Run ${runId}` : `Node ${node}`),
    done: () => 'is being cancelled',
  })
}

async function pause(cli: Cli, texts: readonly string[], options: ControlOptions, command: Command): Promise<void> {
  const { dag, schedule, reason } = options
  assertOneKind(options, command)
  if (!dag && !schedule && reason !== undefined) command.error('--reason is for DAGs and schedules: say --dag or --schedule too.')
  const client = connect(cli, options)
  const refs = [...new Set(texts)]
  const why = reason === undefined ? {} : { reason }
  if (dag) return tellPaused(cli, options, 'DAG', await client.dags.pauseMany({ body: { dags: refs, ...why } }), 'is paused')
  if (schedule)
    return tellPaused(
      cli,
      options,
      'Schedule',
      await client.schedules.bulk({ body: { schedules: refs, action: 'pause', ...why } }),
      'is paused',
    )
  tellRuns(cli, options, await client.runs.pauseMany({ body: runsOf(texts, command) }), 'is paused')
}

async function resume(cli: Cli, texts: readonly string[], options: ControlOptions, command: Command): Promise<void> {
  assertOneKind(options, command)
  const client = connect(cli, options)
  const refs = [...new Set(texts)]
  if (options.dag) return tellPaused(cli, options, 'DAG', await client.dags.resumeMany({ body: { dags: refs } }), 'goes on')
  if (options.schedule)
    return tellPaused(
      cli,
      options,
      'Schedule',
      await client.schedules.bulk({ body: { schedules: refs, action: 'resume' } }),
      'goes on',
    )
  tellRuns(cli, options, await client.runs.resumeMany({ body: runsOf(texts, command) }), 'goes on')
}

function assertOneKind({ dag, schedule }: ControlOptions, command: Command): void {
  if (dag && schedule) command.error('what is named are DAGs or schedules: say --dag or --schedule, not both.')
}

const runsOf = (texts: readonly string[], command: Command) => ({ runs: [...readRunRefs(texts, command, false).runs] })

function tellRuns(cli: Cli, options: ApiOptions, { items }: { readonly items: readonly RunResult[] }, done: string): void {
  tellEach(cli, options, items, { name: ({ runId }) => `Run ${runId}`, done: () => done })
}

type Paused = Awaited<ReturnType<Client['dags']['pauseMany']>>

function tellPaused(cli: Cli, options: ApiOptions, noun: string, { items }: Paused, done: string): void {
  tellEach(cli, options, items, { name: ({ ref }) => `${noun} ${ref}`, done: () => done })
}
