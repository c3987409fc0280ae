import type { Client, RunResult } from '@carillon/contract'
import { InvalidArgumentError, type Command } from 'commander'
import { addApiOptions, connect, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { DAG_OPTION, tellRunsOfDags } from '../control-dags.ts'
import { askEach, tellEach, type Answer } from '../each.ts'
import { parseDuration } from '../moment.ts'
import { instanceOf, type NodeRef } from '../node-ref.ts'
import { collectParam, parseParams, type Params } from '../params.ts'
import { readRunRefs } from '../run-refs.ts'

interface RetryOptions extends ApiOptions {
  readonly fromFailed?: true
  readonly param?: Params
  readonly params?: Params
  readonly dag?: true
  readonly since?: number
}

export function addRetry(program: Command, cli: Cli): void {
  addApiOptions(program.command('retry <run...>'))
    .description('Run ended runs again, with the same plan, as new runs; or a failed node, as run/node, in its run')
    .option('--from-failed', 'nodes that had succeeded stand as they ended, everything else runs again')
    .option('-p, --param <key=value>', 'a parameter over those it had; JSON, else text; may be repeated', collectParam)
    .option('--params <json>', 'such parameters as a JSON object', parseParams)
    .option('--dag', `${DAG_OPTION}: those of their failed runs that have not been run again`)
    .option('--since <duration>', 'with --dag: runs created since then, such as 12h or 7d', parseSince)
    .action(async (texts: readonly string[], options: RetryOptions, command: Command) => {
      if (options.dag) return retryDags(cli, texts, options, command)
      if (options.since !== undefined) command.error('--since is for DAGs: say --dag too.')
      const { runs, nodes } = readRunRefs(texts, command)
      if (nodes.length > 0 && options.fromFailed) command.error('--from-failed is for runs; a node runs again by itself.')
      const client = connect(cli, options)
      const answers: Retried[] = [...(await retryRuns(client, runs, options)), ...(await retryNodes(client, nodes, options))]
      tellEach(cli, options, answers, { name: nameOf, done: (answer) => `runs again${asWhat(answer)}` })
    })
}

interface Retried extends Answer, Partial<Pick<RunResult, 'runId' | 'newRunId'>> {
  readonly node?: string
  readonly newInstanceId?: number | undefined
}

const nameOf = ({ node, runId }: Retried) => (node === undefined ? `Run ${runId}` : `Node ${node}`)
const asWhat = ({ newRunId, newInstanceId }: Retried) =>
  newRunId === undefined ? (newInstanceId === undefined ? '' : ` as instance ${newInstanceId}`) : ` as run ${newRunId}`

/** All in one request where they run again as they were. */
async function retryRuns({ runs: api }: Client, runs: readonly number[], options: RetryOptions): Promise<readonly Retried[]> {
  const body = { ...(options.fromFailed ? { from: 'FAILED' as const } : {}), ...changedBy(options) }
  if (Object.keys(body).length > 0)
    return askEach(
      runs,
      (runId) => ({ runId }),
      (run) => api.retry({ params: { run }, body }),
    )
  return runs.length === 0 ? [] : (await api.retryMany({ body: { runs: [...runs] } })).items
}

function retryNodes(client: Client, nodes: readonly NodeRef[], options: RetryOptions): Promise<readonly Retried[]> {
  return askEach(
    nodes,
    ({ text }) => ({ node: text }),
    async (ref) => client.instances.retry({ params: { instance: await instanceOf(client, ref) }, body: changedBy(options) }),
  )
}

async function retryDags(cli: Cli, codes: readonly string[], options: RetryOptions, command: Command): Promise<void> {
  const { since, param, params } = options
  if (since === undefined) return command.error('the option --since <duration> is missing: with --dag it says which runs.')
  if (param || params) return command.error('parameters are for runs that are named, not for DAGs.')
  const body = { dags: [...new Set(codes)], since: Date.now() - since }
  // The words of the command mean for a DAG what they mean for a run.
  const from = options.fromFailed ? ('FAILED' as const) : ('START' as const)
  const answer = await connect(cli, options).runs.retryDags({ body: { ...body, from } })
  tellRunsOfDags(cli, options, answer, ({ newRunId }) => `runs again as run ${newRunId}`)
}

function changedBy({ param, params }: RetryOptions): { params?: Record<string, unknown> } {
  return param || params ? { params: { ...params, ...param } } : {}
}

function parseSince(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0) return ms
  throw new InvalidArgumentError('It should be a duration such as 12h or 7d.')
}
