import type { Tenant } from '@carillon/contract'
import { Option, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { parseLimit } from '../limit.ts'

interface CreateOptions extends ApiOptions {
  readonly name?: string
  readonly weight?: number
}

interface UpdateOptions extends CreateOptions {
  readonly privateTarget?: string[]
  /** false: `--no-private-targets`. */
  readonly privateTargets?: boolean
}

const STATES = {
  suspend: { state: 'SUSPENDED', says: 'Suspend a tenant: its tokens are refused, nothing of it fires or is given out' },
  activate: { state: 'ACTIVE', says: 'Let a suspended tenant go on' },
} as const

/** `carillon tenants create`, `update`, `suspend` and `activate`, for administrators of the platform; `get tenants` lists them. */
export function addTenants(program: Command, cli: Cli): void {
  const tenants = program
    .command('tenants')
    .description('Create, change, suspend and activate tenants, as a platform administrator')
  addApiOptions(tenants.command('create <code>'))
    .description('Create a tenant; token create --tenant makes its first token')
    .option('--name <name>', 'what people call it')
    .option('--weight <number>', 'its share of turns beside other tenants, 1 to 100', parseLimit)
    .action(async (code: string, options: CreateOptions) => {
      const { name, weight } = options
      const body = { code, ...(name === undefined ? {} : { name }), ...(weight === undefined ? {} : { weight }) }
      tell(cli, options, await connect(cli, options).tenants.create({ body }))
    })
  addApiOptions(tenants.command('update <code>'))
    .description('Change a tenant; what is left out stays')
    .option('--name <name>', 'what people call it')
    .option('--weight <number>', 'its share of turns beside other tenants, 1 to 100', parseLimit)
    .option(
      '--private-target <target>',
      'a private range, address or host that may be called for it, instead of all before; may be repeated',
      collect,
    )
    .addOption(new Option('--no-private-targets', 'call no private address for it from now on').conflicts('privateTarget'))
    .action(async (tenant: string, options: UpdateOptions) => {
      const { name, weight, privateTarget, privateTargets } = options
      const client = connect(cli, options)
      const { version } = await client.tenants.get({ params: { tenant } })
      const body = {
        ...(name !== undefined && { name }),
        ...(weight !== undefined && { weight }),
        ...(privateTargets === false && { privateTargets: [] }),
        ...(privateTarget && { privateTargets: privateTarget }),
      }
      const after = await client.tenants.update({ params: { tenant }, body: { version, ...body } })
      if (options.json) return printJson(cli, after)
      const called = after.privateTargets.length === 0 ? 'public addresses alone' : `also ${after.privateTargets.join(', ')}`
      cli.terminal.print(`Tenant ${after.code} is changed; for it are called ${called}.`)
    })
  for (const [verb, { state, says }] of Object.entries(STATES)) {
    addApiOptions(tenants.command(`${verb} <code>`))
      .description(says)
      .action(async (tenant: string, options: ApiOptions) => {
        const client = connect(cli, options)
        const { version } = await client.tenants.get({ params: { tenant } })
        tell(cli, options, await client.tenants.update({ params: { tenant }, body: { version, state } }))
      })
  }
}

const collect = (text: string, before: string[] = []) => [...before, text]

function tell(cli: Cli, { json }: ApiOptions, tenant: Tenant): void {
  if (json) printJson(cli, tenant)
  else cli.terminal.print(`Tenant ${tenant.code} is ${tenant.state}.`)
}
