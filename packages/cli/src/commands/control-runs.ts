import type { Client } from '@carillon/contract'
import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { exitOf } from '../exit-codes.ts'
import { Failure } from '../failure.ts'
import { parseRunId } from '../run-id.ts'

type Verb = 'cancel' | 'pause' | 'resume' | 'retry'

const VERBS: Readonly<Record<Verb, { description: string; done: string }>> = {
  cancel: { description: 'Cancel runs: what runs is asked to stop', done: 'is being cancelled' },
  pause: { description: 'Pause runs: what executes goes on, nothing new starts', done: 'is paused' },
  resume: { description: 'Resume paused runs', done: 'goes on' },
  retry: { description: 'Run ended runs again, with the same plan and parameters', done: 'runs again' },
}

/** `carillon cancel`, `pause`, `resume` and `retry`: one or many runs, each answered by itself. */
export function addControlRuns(program: Command, cli: Cli): void {
  for (const verb of Object.keys(VERBS) as Verb[]) {
    addApiOptions(program.command(verb))
      .description(VERBS[verb].description)
      .argument('<run...>', 'identifiers of runs', collectRunId)
      .action((runs: readonly number[], options: ApiOptions) => control(cli, verb, runs, options))
  }
}

/** Commander leaves the gathering to whoever parses. */
function collectRunId(text: string, before: readonly number[] | undefined): readonly number[] {
  return [...(before ?? []), parseRunId(text)]
}

async function control(cli: Cli, verb: Verb, runs: readonly number[], options: ApiOptions): Promise<void> {
  const client = connect(cli, options)
  const { items } = await many(client, verb)({ body: { runs: [...new Set(runs)] } })
  if (options.json) printJson(cli, items)
  else for (const { runId, newRunId } of items.filter(({ ok }) => ok)) cli.terminal.print(doneText(verb, runId, newRunId))
  const refused = items.filter(({ ok }) => !ok)
  if (refused.length === 0) return
  throw new Failure(
    exitOf(refused[0]!.code ?? 'INTERNAL'),
    refused.map(({ runId, detail }) => `Run ${runId}: ${detail}`).join('\n  '),
  )
}

const many = (client: Client, verb: Verb) => client.runs[`${verb}Many`]

function doneText(verb: Verb, runId: number, newRunId: number | undefined): string {
  return `Run ${runId} ${VERBS[verb].done}${newRunId === undefined ? '' : ` as run ${newRunId}`}.`
}
