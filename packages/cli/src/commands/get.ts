import type { Client } from '@carillon/contract'
import { Option, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { exportOne } from '../documents/export.ts'
import { documentKindOf } from '../documents/kinds.ts'
import { yamlOf } from '../documents/show.ts'
import { collectFilter, type Filters } from '../filters.ts'
import { Failure } from '../failure.ts'
import { kindArgument } from '../kind-argument.ts'
import type { Kind } from '../kinds.ts'
import { parseLimit } from '../limit.ts'
import { outline } from '../outline.ts'
import { table, type Column } from '../table.ts'

interface GetOptions extends ApiOptions {
  readonly output?: 'json' | 'yaml'
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
    .addOption(
      new Option('-o, --output <format>', 'yaml: definitions as they can be applied; json: as --json').choices(['json', 'yaml']),
    )
    .action(async (kind: Kind, ref: string | undefined, given: GetOptions) => {
      const options = { ...given, json: given.json === true || given.output === 'json' }
      const client = connect(cli, options)
      if (ref !== undefined) {
        const item = await read(kind, client, ref)
        if (options.output === 'yaml') return printYaml(cli, client, kind, [item])
        return options.json ? printJson(cli, item) : cli.terminal.print(outline(item))
      }
      const { items, more } = await list(kind, client, options)
      if (options.json) return printJson(cli, items)
      if (options.output === 'yaml') return printYaml(cli, client, kind, items)
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

/** What can be applied, as the documents that say it; anything else as the API answered it. */
async function printYaml(cli: Cli, client: Client, { name }: Kind, items: readonly object[]): Promise<void> {
  const kind = documentKindOf(name)
  const documents: object[] = []
  for (const item of items) {
    const document = kind && (await exportOne(client, kind, (item as { code: string }).code))
    documents.push(document ?? item)
  }
  if (documents.length > 0) cli.terminal.print(yamlOf(documents).trimEnd())
}
