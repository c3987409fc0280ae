import type { UsableBy } from '@carillon/contract'
import { ROLES } from '@carillon/core'
import { InvalidArgumentError, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { withDatabase } from '../database.ts'
import { KINDS } from '../kinds.ts'
import { addNodeOptions, loadNodeConfig, type NodeOptions } from '../node-options.ts'
import { readSecret } from '../read-secret.ts'
import { table, type Column } from '../table.ts'

interface CreateOptions extends ApiOptions {
  readonly description?: string
  readonly app?: string[]
  readonly task?: string[]
  readonly dag?: string[]
  readonly role?: NonNullable<UsableBy['roles']>
}

export function addSecrets(program: Command, cli: Cli): void {
  const { terminal } = cli
  const secrets = program
    .command('secrets')
    .description('Store, list, rotate and delete secrets; definitions refer to them by name')
  addApiOptions(secrets.command('create <name>'))
    .description('Store a secret. Its value is read from standard input, or asked for')
    .option('--description <text>', 'what it is for')
    .option('--app <code>', 'only executors of this app may be given it; may be repeated', collect)
    .option('--task <code>', 'only runs of this task may use it; may be repeated', collect)
    .option('--dag <code>', 'only runs of this DAG may use it; may be repeated', collect)
    .option('--role <role>', 'only this role may write definitions that refer to it; may be repeated', collectRole)
    .action(async (name: string, options: CreateOptions) => {
      const { description, app: apps, task: tasks, dag: dags, role: roles } = options
      const value = await readSecret(cli, `Value of ${name}`)
      const usableBy = { ...(apps && { apps }), ...(tasks && { tasks }), ...(dags && { dags }), ...(roles && { roles }) }
      const body = { name, value, usableBy, ...(description === undefined ? {} : { description }) }
      const made = await connect(cli, options).secrets.create({ body })
      if (options.json) printJson(cli, made)
      else terminal.print(`Secret ${made.name} is stored. Refer to it as \${{ secrets.${made.name} }}.`)
    })
  addApiOptions(secrets.command('list'))
    .description('List secrets by name; their values are shown nowhere')
    .action(async (options: ApiOptions) => {
      const { items } = await connect(cli, options).secrets.list({ query: { limit: 200 } })
      if (options.json) return printJson(cli, items)
      const { columns } = KINDS.find((each) => each.name === 'secrets')!
      terminal.print(table(terminal, columns as readonly Column<object>[], items))
    })
  addApiOptions(secrets.command('rotate <name>'))
    .description('Give a secret another value, from standard input or asked for; attempts that start within seconds get it')
    .action(async (name: string, options: ApiOptions) => {
      const value = await readSecret(cli, `New value of ${name}`)
      const rotated = await connect(cli, options).secrets.rotate({ params: { secret: name }, body: { value } })
      if (options.json) printJson(cli, rotated)
      else terminal.print(`Secret ${rotated.name} has its value number ${rotated.valueVersion}.`)
    })
  addApiOptions(secrets.command('delete <name>'))
    .description('Delete a secret; what still refers to it fails and says so')
    .action(async (name: string, options: ApiOptions) => {
      await connect(cli, options).secrets.remove({ params: { secret: name } })
      if (!options.json) terminal.print(`Secret ${name} is deleted.`)
    })
  addNodeOptions(secrets.command('rotate-key'))
    .description(
      'Lock all secrets by the present master key (secrets.key) that an earlier one (secrets.previousKeys) still locks',
    )
    .action(async (options: NodeOptions) => {
      const config = await loadNodeConfig(cli, options)
      const { rotateMasterKey } = await import('@carillon/server')
      await withDatabase(terminal, config, async ({ url }) => {
        const count = await rotateMasterKey(url, config)
        return count === 0
          ? 'Every data key was locked by the present master key already.'
          : `${count} data keys are locked by the present master key now. Earlier ones are needed no longer.`
      })
    })
}

const collect = (text: string, before: string[] = []) => [...before, text]

function collectRole(text: string, before: NonNullable<UsableBy['roles']> = []): NonNullable<UsableBy['roles']> {
  const role = ROLES.find((each) => each === text)
  if (role === undefined || role === 'executor')
    throw new InvalidArgumentError('It should be owner, admin, developer, operator or viewer.')
  return [...before, role]
}
