import type { Tenant } from '@carillon/contract'
import type { Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { parseLimit } from '../limit.ts'

interface CreateOptions extends ApiOptions {
  readonly name?: string
  readonly weight?: number
}

const STATES = {
  suspend: { state: 'SUSPENDED', says: 'Suspend a tenant: its tokens are refused, nothing of it fires or is given out' },
  activate: { state: 'ACTIVE', says: 'Let a suspended tenant go on' },
} as const

/** `carillon tenants create`, `suspend` and `activate`, for administrators of the platform; `get tenants` lists them. */
export function addTenants(program: Command, cli: Cli): void {
  const tenants = program.command('tenants').description('Create, suspend and activate tenants, as a platform administrator')
  addApiOptions(tenants.command('create <code>'))
    .description('Create a tenant; token create --tenant makes its first token')
    .option('--name <name>', 'what people call it')
    .option('--weight <number>', 'its share of turns beside other tenants, 1 to 100', parseLimit)
    .action(async (code: string, options: CreateOptions) => {
      const { name, weight } = options
      const body = { code, ...(name === undefined ? {} : { name }), ...(weight === undefined ? {} : { weight }) }
      tell(cli, options, await connect(cli, options).tenants.create({ body }))
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

function tell(cli: Cli, { json }: ApiOptions, tenant: Tenant): void {
  if (json) printJson(cli, tenant)
  else cli.terminal.print(`Tenant ${tenant.code} is ${tenant.state}.`)
}
