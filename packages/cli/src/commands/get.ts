import type { Client } from '@carillon/contract'
import { Option, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { collectFilter, type Filters } from '../filters.ts'
import { Failure } from '../failure.ts'
import { kindArgument } from '../kind-argument.ts'
import type { Kind } from '../kinds.ts'
import { parseLimit } from '../limit.ts'
import { outline } from '../outline.ts'
import { table, type Column } from '../table.ts'

interface GetOptions extends ApiOptions {
  readonly filter?: Filters
  readonly limit: number
}

const LARGEST_PAGE = 200

export function addGet(program: Command, cli: Cli): void {
  addApiOptions(program.command('get'))
    .description('List objects of a kind, or show one')
    .addArgument(kindArgument())
    .argument('[code]', 'code or identifier of one object')
    .option('-f, --filter <key=value>', 'only these; the parameters of the list in the API; may be repeated', collectFilter)
    .addOption(new Option('-n, --limit <number>', 'how many at most').default(50).argParser(parseLimit))
    .action(async (kind: Kind, ref: string | undefined, options: GetOptions) => {
      const client = connect(cli, options)
      if (ref !== undefined) {
        const item = await read(kind, client, ref)
        return options.json ? printJson(cli, item) : cli.terminal.print(outline(item))
      }
      const { items, more } = await list(kind, client, options)
      if (options.json) return printJson(cli, items)
      if (items.length === 0) return cli.terminal.say(`No ${kind.name}.`)
      cli.terminal.print(table(cli.terminal, kind.columns as readonly Column<object>[], items))
      if (more) cli.terminal.say(`There are more; --limit ${options.limit * 2} shows some of them.`)
    })
}

export function read(kind: Kind, client: Client, ref: string): Promise<object> {
  if (kind.read) return kind.read(client, ref)
  throw new Failure('USAGE', `One of the ${kind.name} cannot be read by itself.`, `npx carillon get ${kind.name} lists them.`)
}

/** Page by page, as many as were asked for. */
async function list(
  kind: Kind,
  client: Client,
  { filter = {}, limit }: GetOptions,
): Promise<{ items: readonly object[]; more: boolean }> {
  const items: object[] = []
  let cursor: string | undefined
  do {
    const query = { ...filter, limit: Math.min(limit - items.length, LARGEST_PAGE), ...(cursor === undefined ? {} : { cursor }) }
    const page = await kind.list(client, query)
    items.push(...page.items)
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined && items.length < limit)
  return { items, more: cursor !== undefined }
}
