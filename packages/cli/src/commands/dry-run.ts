import type { Client, DryRun } from '@carillon/contract'
import { InvalidArgumentError, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { Failure } from '../failure.ts'
import { parseLimit } from '../limit.ts'
import { durationOf } from '../moment.ts'
import { collectParam, parseParams, type Params } from '../params.ts'
import { readJson } from '../read-json.ts'
import { styleOfState } from '../states.ts'
import { table, type Column } from '../table.ts'

type Outcomes = NonNullable<DryRun['outcomes']>

interface DryRunOptions extends ApiOptions {
  readonly param?: Params
  readonly params?: Params
  readonly outcome?: Outcomes
  readonly outcomes?: Params
  readonly fireAt?: number
  readonly key?: string
}

type Answer = Awaited<ReturnType<Client['dagVersions']['dryRun']>>
type Node = Answer['nodes'][number]

export function addDryRun(program: Command, cli: Cli): void {
  addApiOptions(program.command('dry-run <dag>'))
    .description('Show how a run of a DAG would go, in virtual time: nothing is started')
    .argument('[version]', 'its number (default: the active one; without one, the newest)', parseLimit)
    .option('-p, --param <key=value>', "a parameter over the DAG's own; JSON, else text; may be repeated", collectParam)
    .option('--params <json>', 'parameters as a JSON object', parseParams)
    .option(
      '--outcome <node=outcome>',
      'how a node ends: a state, or JSON as in the API; else SUCCESS; may be repeated',
      collectOutcome,
    )
    .option('--outcomes <json>', 'outcomes by node as a JSON object', parseParams)
    .option('--fire-at <time>', 'the planned time, as 2026-11-21T02:00:00Z (default: now)', parseTime)
    .option('--key <key>', 'the key of the run')
    .action(async (dag: string, version: number | undefined, options: DryRunOptions) => {
      const client = connect(cli, options)
      const number = version ?? (await usualVersion(client, dag))
      const answer = await client.dagVersions.dryRun({ params: { dag, number }, body: bodyOf(options) })
      if (options.json) printJson(cli, answer)
      else cli.terminal.print(table(cli.terminal, columnsOf(answer), answer.nodes))
      const ended = `A run of ${dag}, version ${number}, would end ${answer.state}.`
      if (answer.state !== 'SUCCESS') throw new Failure('FAILED', ended, answer.outputProblem ?? undefined)
      if (!options.json)
        cli.terminal.say(answer.output === null ? ended : `${ended} Its output: ${JSON.stringify(answer.output)}`)
    })
}

async function usualVersion({ dags, dagVersions }: Client, dag: string): Promise<number> {
  const { active } = await dags.get({ params: { dag } })
  if (active !== null) return active
  const { items } = await dagVersions.list({ params: { dag }, query: { limit: 1 } })
  if (items[0]) return items[0].number
  throw new Failure('NOT_FOUND', `The DAG ${dag} has no version.`, 'npx carillon apply makes one.')
}

function bodyOf({ param, params, outcome, outcomes, fireAt, key }: DryRunOptions): DryRun {
  return {
    ...(param || params ? { params: { ...params, ...param } } : {}),
    ...(outcome || outcomes ? { outcomes: { ...(outcomes as Outcomes), ...outcome } } : {}),
    ...(fireAt === undefined ? {} : { fireAt }),
    ...(key === undefined ? {} : { key }),
  }
}

/** Times count from the first begin. */
function columnsOf({ nodes }: Answer): readonly Column<Node>[] {
  const start = Math.min(...nodes.map(({ startedAt, endedAt }) => startedAt ?? endedAt))
  const after = (at: number | null) => (at === null ? '-' : `+${durationOf(at - start)}`)
  return [
    { title: 'NODE', text: ({ code }) => code },
    { title: 'STATE', text: ({ state }) => state, style: ({ state }) => styleOfState(state) },
    { title: 'BEGINS', text: ({ startedAt }) => after(startedAt), align: 'right' },
    { title: 'ENDS', text: ({ endedAt }) => after(endedAt), align: 'right' },
    { title: 'PARAMETERS', text: ({ params }) => (params === null ? '-' : JSON.stringify(params)) },
    { title: 'WHY', text: whyOf },
  ]
}

function whyOf({ skippedBecause, error, problems }: Node): string {
  if (skippedBecause !== null) return skippedBecause
  if (problems.length > 0) return problems.map(({ path, message }) => `${path} ${message}`).join('; ')
  return (error as { message?: string } | null)?.message ?? ''
}

/** `send=FAILED`, `'list={"output": {"ids": [1, 2]}}'`, of a fan-out a list with one for each element. */
function collectOutcome(text: string, before: Outcomes = {}): Outcomes {
  const at = text.indexOf('=')
  if (at < 1) throw new InvalidArgumentError('It should be node=outcome, as in --outcome send=FAILED.')
  return { ...before, [text.slice(0, at)]: outcomeOf(text.slice(at + 1)) }
}

function outcomeOf(text: string): Outcomes[string] {
  if (/^[a-z]+$/i.test(text)) return { state: text.toUpperCase() as 'FAILED' }
  const read = readJson(text)
  if ('value' in read) return read.value as Outcomes[string]
  throw new InvalidArgumentError(`It should be a state such as FAILED, or JSON: ${read.problem}.`)
}

function parseTime(text: string): number {
  const at = Date.parse(text)
  if (/^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(at)) return at
  throw new InvalidArgumentError('It should be a time as 2026-11-21T02:00:00Z.')
}
