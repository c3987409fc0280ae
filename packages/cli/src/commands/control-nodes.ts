import type { Client } from '@carillon/contract'
import type { Command } from 'commander'
import { addApiOptions, connect, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { askEach, tellEach } from '../each.ts'
import { instanceOf, nodeArgument, type NodeRef } from '../node-ref.ts'

interface NodeOptions extends ApiOptions {
  readonly comment?: string
}

interface Verb {
  readonly description: string
  readonly done: string
  /** A comment can be left with it. */
  readonly decides?: true
  readonly ask: (client: Client, instance: number, options: NodeOptions) => Promise<object>
}

const commented = ({ comment }: NodeOptions) => (comment === undefined ? {} : { comment })

const VERBS: Readonly<Record<string, Verb>> = {
  approve: {
    description: 'Approve nodes that wait for approval, with one of the roles that they name',
    done: 'is approved',
    decides: true,
    ask: ({ instances }, instance, options) => instances.approve({ params: { instance }, body: commented(options) }),
  },
  reject: {
    description: 'Reject nodes that wait for approval: they fail',
    done: 'is rejected',
    decides: true,
    ask: ({ instances }, instance, options) => instances.reject({ params: { instance }, body: commented(options) }),
  },
  skip: {
    description: 'Mark nodes that have not started as done: downstream they count as successes',
    done: 'is skipped',
    ask: ({ instances }, instance) => instances.skip({ params: { instance } }),
  },
  'run-now': {
    description: 'Run now what waits for time: for its next attempt, or as a node that is a wait',
    done: 'goes on now',
    ask: ({ instances }, instance) => instances.run({ params: { instance } }),
  },
}

/** `carillon approve`, `reject`, `skip` and `run-now`: one or many nodes of runs of DAGs, each answered by itself. */
export function addControlNodes(program: Command, cli: Cli): void {
  for (const [name, verb] of Object.entries(VERBS)) {
    const command = addApiOptions(program.command(name)).description(verb.description).addArgument(nodeArgument())
    if (verb.decides) command.option('--comment <text>', 'why, for others to read')
    command.action((nodes: readonly NodeRef[], options: NodeOptions) => control(cli, verb, nodes, options))
  }
}

async function control(cli: Cli, { done, ask }: Verb, nodes: readonly NodeRef[], options: NodeOptions): Promise<void> {
  const client = connect(cli, options)
  const answers = await askEach(
    nodes,
    ({ text }) => ({ node: text }),
    async (ref) => ask(client, await instanceOf(client, ref), options),
  )
  tellEach(cli, options, answers, { name: ({ node }) => `Node ${node}`, done: () => done })
}
