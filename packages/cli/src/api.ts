import { createClient, type Client } from '@carillon/contract'
import type { Command } from 'commander'
import { findAccess, type Access, type AccessOptions } from './access.ts'
import type { Cli } from './cli.ts'
import { Failure } from './failure.ts'
import { printableJson } from './printable.ts'

export interface ApiOptions extends AccessOptions {
  readonly json?: boolean
}

/** The options of every command that talks to a server. */
export function addApiOptions(command: Command): Command {
  return command
    .option('--server <url>', 'address of the server (CARILLON_SERVER)')
    .option('--token <token>', 'access token (CARILLON_TOKEN)')
    .option('--tenant <code>', 'tenant to act in, for platform administrators (CARILLON_TENANT)')
    .option('--json', 'print JSON, for programs')
}

export function connect({ env }: Cli, options: ApiOptions): Client {
  return clientOf(findAccess(options, env))
}

export function clientOf({ server, token, tenant }: Access): Client {
  return createClient({
    baseUrl: server,
    token,
    ...(tenant === undefined ? {} : { tenant }),
    fetch: (url, init) => {
      const headers = new Headers(init.headers)
      headers.set('carillon-client', 'cli')
      return reach(server, url, { ...init, headers })
    },
  })
}

async function reach(server: string, url: string, init: RequestInit): Promise<Response> {
  if (!URL.canParse(url)) {
    throw new Failure('USAGE', `"${server}" is not the address of a server.`, 'It looks like http://127.0.0.1:7070.')
  }
  try {
    return await fetch(url, init)
  } catch (error) {
    if (init.signal?.aborted) throw error
    throw new Failure(
      'UNAVAILABLE',
      `Nothing answers at ${server}.`,
      'Is the server running? `npx carillon dev` starts one on this machine.',
    )
  }
}

/** Prints an answer for programs: indented where a person looks, so that both can read it. */
export function printJson({ terminal }: Cli, value: unknown): void {
  terminal.print(printableJson(JSON.stringify(value, null, terminal.columns === null ? undefined : 2)))
}
