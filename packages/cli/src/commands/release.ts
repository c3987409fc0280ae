import type { Client, Dag } from '@carillon/contract'
import { CarillonError } from '@carillon/core'
import { InvalidArgumentError, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { everyPage } from '../every-page.ts'
import { parseLimit } from '../limit.ts'

interface GrayOptions extends ApiOptions {
  readonly percent?: number
  readonly end?: true
}

/** `carillon activate`, `rollback` and `gray`: which versions of a DAG its runs use. */
export function addRelease(program: Command, cli: Cli): void {
  addApiOptions(program.command('activate <dag>'))
    .description('Make a version of a DAG the one that its runs use; a gray release ends')
    .argument('<version>', 'its number', parseLimit)
    .action((dag: string, number: number, options: ApiOptions) => activate(cli, connect(cli, options), dag, number, options))
  addApiOptions(program.command('rollback <dag>'))
    .description('Make the version of a DAG active that was so before; given twice, it takes itself back')
    .action(async (dag: string, options: ApiOptions) => {
      const client = connect(cli, options)
      await activate(cli, client, dag, await versionBefore(client, dag), options)
    })
  addApiOptions(program.command('gray <dag>'))
    .description('Give a second version of a DAG a share of the runs that name none, or end that')
    .argument('[version]', 'its number', parseLimit)
    .option('--percent <share>', '1 to 99; the same run key always goes to the same version', parsePercent)
    .option('--end', 'everything goes to the active version')
    .action(async (dag: string, number: number | undefined, options: GrayOptions, command: Command) => {
      const after = await changeGray(connect(cli, options), dag, number, options, command)
      if (options.json) printJson(cli, after)
      else cli.terminal.print(trafficOf(after))
    })
}

async function activate(cli: Cli, client: Client, dag: string, number: number, options: ApiOptions): Promise<void> {
  const version = await client.dagVersions.activate({ params: { dag, number }, body: {} })
  if (options.json) printJson(cli, version)
  else cli.terminal.print(`Version ${version.number} of ${dag} is active. Runs under way keep theirs.`)
}

/** By the revisions of the DAG: a version may have taken a share of the runs later than it was the active one, or never been that. */
async function versionBefore(client: Client, dag: string): Promise<number> {
  const idOf = ({ body }: { readonly body: object }) => (body as { activeVersionId: number | null }).activeVersionId
  let now: number | null | undefined
  for await (const revision of everyPage((query) => client.dags.revisions({ params: { dag }, query }))) {
    const id = idOf(revision)
    if (now === undefined) now = id
    else if (id !== null && id !== now) return numberOf(client, dag, id)
  }
  throw new CarillonError(
    'STATE_CONFLICT',
    `No other version of ${dag} was active before; npx carillon versions ${dag} lists them.`,
  )
}

async function numberOf(client: Client, dag: string, id: number): Promise<number> {
  for await (const version of everyPage((query) => client.dagVersions.list({ params: { dag }, query })))
    if (version.id === id) return version.number
  throw new CarillonError('NOT_FOUND', `The version of ${dag} that was active before is not there any more.`)
}

function changeGray(
  { dags }: Client,
  dag: string,
  number: number | undefined,
  { percent, end }: GrayOptions,
  command: Command,
): Promise<Dag> {
  if (end && number === undefined && percent === undefined) return dags.endGray({ params: { dag } })
  if (end || number === undefined || percent === undefined)
    return command.error('it takes a version and --percent, or --end alone.')
  return dags.setGray({ params: { dag }, body: { number, percent } })
}

function trafficOf({ code, active, gray }: Dag): string {
  if (gray === null) return `All runs of ${code} use version ${active}.`
  return `${gray.percent} % of the runs of ${code} use version ${gray.number}, the others version ${active}.`
}

function parsePercent(text: string): number {
  const percent = Number(text.replace(/%$/, ''))
  if (Number.isInteger(percent) && percent >= 1 && percent <= 99) return percent
  throw new InvalidArgumentError('It should be a whole number from 1 to 99.')
}
