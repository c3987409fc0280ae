import { ROLES, type Role } from '@carillon/core'
import { InvalidArgumentError, Option, type Command } from 'commander'
import { addApiOptions, connect, printJson, type ApiOptions } from '../api.ts'
import type { Cli } from '../cli.ts'
import { KINDS } from '../kinds.ts'
import { momentOf, parseDuration } from '../moment.ts'
import { table, type Column } from '../table.ts'

interface CreateOptions extends ApiOptions {
  readonly role: Role
  readonly app?: string
  readonly expires?: number
}

export function addToken(program: Command, cli: Cli): void {
  const token = program.command('token').description('Make, list and revoke access tokens')
  addApiOptions(token.command('create <name>'))
    .description('Make a token; its secret is shown this once')
    .addOption(new Option('--role <role>', 'what it may do').choices(ROLES).makeOptionMandatory())
    .option('--app <code>', 'app of an executor token')
    .option('--expires <duration>', 'ends after this time, such as 12h or 90d', parseExpiry)
    .action(async (name: string, options: CreateOptions) => {
      const { role, app, expires } = options
      const body = {
        name,
        role,
        ...(app === undefined ? {} : { app }),
        ...(expires === undefined ? {} : { expiresAt: Date.now() + expires }),
      }
      const made = await connect(cli, options).tokens.create({ body })
      if (options.json) return printJson(cli, made)
      // The secret alone is the answer, so that a script can take it: TOKEN=$(carillon token create …).
      const until = made.expiresAt === null ? '' : `, until ${momentOf(made.expiresAt)}`
      cli.terminal.say(`Token ${made.id} (${made.role}${until}). Keep it; it is shown this once:`)
      cli.terminal.print(made.secret)
    })
  addApiOptions(token.command('list'))
    .description('List tokens, newest first')
    .action(async (options: ApiOptions) => {
      const { items } = await connect(cli, options).tokens.list({ query: { limit: 200 } })
      if (options.json) return printJson(cli, items)
      const { columns } = KINDS.find(({ name }) => name === 'tokens')!
      cli.terminal.print(table(cli.terminal, columns as readonly Column<object>[], items))
    })
  addApiOptions(token.command('revoke <id>'))
    .description('Revoke a token; within a second no node accepts it')
    .action(async (id: string, options: ApiOptions) => {
      const revoked = await connect(cli, options).tokens.revoke({ params: { token: id } })
      if (options.json) printJson(cli, revoked)
      else cli.terminal.print(`Token ${revoked.id} (${revoked.name}) is revoked.`)
    })
}

function parseExpiry(text: string): number {
  const ms = parseDuration(text)
  if (ms !== undefined && ms > 0) return ms
  throw new InvalidArgumentError('It should be a duration such as 12h or 90d.')
}
