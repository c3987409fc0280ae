import type { Command } from 'commander'
import { accessFile, keepAccess, readAccess, type Access, type AccessOptions } from '../access.ts'
import { clientOf } from '../api.ts'
import type { Cli } from '../cli.ts'
import { Failure } from '../failure.ts'

export function addLogin(program: Command, cli: Cli): void {
  program
    .command('login')
    .description('Keep the address of a server and a token for the commands that follow')
    .option('--server <url>', 'address of the server, such as http://127.0.0.1:7070')
    .option('--token <token>', 'access token; asked for when left out, so that it stays out of the shell history')
    .option('--tenant <code>', 'tenant to act in, for platform administrators')
    .action(async (options: AccessOptions) => {
      const file = accessFile(cli.env)
      const access = await complete(cli, options, readAccess(file)?.server)
      const { principal, tenant, role } = await clientOf(access).meta.whoami()
      keepAccess(file, access)
      cli.terminal.print(`${principal}, ${role} of ${tenant.code} at ${access.server}; kept in ${file}.`)
    })
}

async function complete({ terminal, env }: Cli, options: AccessOptions, known: string | undefined): Promise<Access> {
  const { tenant } = options
  const server = options.server ?? env.CARILLON_SERVER
  const token = options.token ?? env.CARILLON_TOKEN
  const rest = tenant === undefined ? {} : { tenant }
  if (server && token) return { server, token, ...rest }
  if (!terminal.interactive || !process.stdin.isTTY) {
    throw new Failure('USAGE', 'Nobody is here to be asked.', 'Give --server and --token, or CARILLON_SERVER and CARILLON_TOKEN.')
  }
  const { text, password } = await import('@clack/prompts')
  // A symbol is clack's word for Ctrl-C.
  const answered = (answer: string | symbol): string => {
    if (typeof answer === 'symbol') throw new Failure('USAGE', 'Nothing was kept.')
    return answer
  }
  return {
    server: server ?? answered(await text({ message: 'Address of the server', initialValue: known ?? 'http://127.0.0.1:7070' })),
    token: token ?? answered(await password({ message: 'Access token' })),
    ...rest,
  }
}
