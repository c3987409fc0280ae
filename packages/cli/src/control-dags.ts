import type { Client, RunResult } from '@carillon/contract'
import type { ApiOptions } from './api.ts'
import type { Cli } from './cli.ts'
import { tellEach, type Answer } from './each.ts'

/** What the option says by which verbs for runs are for DAGs. */
export const DAG_OPTION = 'what is named are DAGs'

type RunsOfDags = Awaited<ReturnType<Client['runs']['stopDags']>>
type RunOfDag = Answer & { readonly dag: string } & Partial<Pick<RunResult, 'runId' | 'newRunId'>>

/** Tells of each run of each DAG, and of a DAG that is not there. */
export function tellRunsOfDags(cli: Cli, options: ApiOptions, answer: RunsOfDags, done: (run: RunOfDag) => string): void {
  const { items, more } = answer
  for (const { dag, code, runs } of items)
    if (code === undefined && runs.length === 0) cli.terminal.say(`No such runs of ${dag}.`)
  if (more) cli.terminal.say('There are more of them: give the same command again.')
  const answers = items.flatMap(({ dag, ok, code, detail, runs }): RunOfDag[] =>
    code === undefined ? runs.map((run) => ({ dag, ...run })) : [{ dag, ok, code, detail }],
  )
  tellEach(cli, options, answers, {
    name: ({ dag, runId }) => (runId === undefined ? `DAG ${dag}` : `Run ${runId} of ${dag}`),
    done,
  })
}
