import { InvalidArgumentError, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { collectParam, type Params } from '../params.ts'
import { readJson } from '../read-json.ts'

interface EventOptions extends ApiOptions {
  readonly key: string
  readonly param?: Params
  readonly payload?: { readonly value: unknown }
  readonly idempotencyKey?: string
}

export function addEvent(program: Command, cli: Cli): void {
  addApiOptions(program.command('event <name>'))
    .description('Tell the nodes that wait for it of an event; nobody hears of it later')
    .requiredOption('--key <key>', 'nodes wait for a name and a key')
    .option('-p, --param <key=value>', 'what it carries, the output of the nodes; JSON, else text; may be repeated', collectParam)
    .option('--payload <json>', 'what it carries as JSON', parsePayload)
    .option('--idempotency-key <key>', 'the same key again does nothing and answers as the first did')
    .action(async (name: string, options: EventOptions) => {
      const { key, idempotencyKey } = options
      const under = idempotencyKey === undefined ? {} : { idempotencyKey }
      const answer = await connect(cli, options).events.deliver({ body: { name, key, ...payloadOf(options) } }, under)
      if (options.json) return printJson(cli, answer)
      cli.terminal.print(
        answer.nodes === 0 ? 'No node waits for it; it is not kept.' : `Nodes that waited for it: ${answer.nodes}.`,
      )
    })
}

/** Parameters lie over an object; anything else that is carried stands alone. */
function payloadOf({ param, payload }: EventOptions): { payload?: unknown } {
  if (param === undefined) return payload === undefined ? {} : { payload: payload.value }
  return { payload: { ...(payload?.value as object | undefined), ...param } }
}

function parsePayload(text: string): { readonly value: unknown } {
  const read = readJson(text)
  if ('value' in read) return read
  throw new InvalidArgumentError(`It should be JSON: ${read.problem}.`)
}
