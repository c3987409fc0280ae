import type { Client } from '@carillon/contract'
import { Failure } from './failure.ts'

/** What an executor is called on the command line. */
export const EXECUTOR = ['<executor>', 'its number, or app/instance'] as const

/** The number of an executor that is named by it, or by its app and the name under which it registers there. */
export async function executorNumber(client: Client, ref: string): Promise<number> {
  if (/^[1-9][0-9]*$/.test(ref)) return Number(ref)
  const [, app, instance] = /^([^/]+)\/(.+)$/.exec(ref) ?? []
  if (app === undefined || instance === undefined) throw new Failure('USAGE', `"${ref}" is no executor.`, HOW)
  let cursor: string | undefined
  do {
    const query = { app, q: instance, limit: 200, ...(cursor === undefined ? {} : { cursor }) }
    const page = await client.executors.list({ query })
    const found = page.items.find((executor) => executor.instance === instance)
    if (found) return found.id
    cursor = page.nextCursor ?? undefined
  } while (cursor !== undefined)
  throw new Failure(
    'REFUSED',
    `The app ${app} has no executor "${instance}".`,
    `npx carillon get executors -f app=${app} lists them.`,
  )
}

const HOW = 'Name it by its number, as npx carillon get executors shows it, or as app/instance.'

/** What a person can say of executors, as commands. */
export const STATUSES = {
  drain: { status: 'DRAINING', says: 'Let an executor finish what it runs, and give it nothing new' },
  maintenance: { status: 'MAINTENANCE', says: 'Take an executor out of work' },
  offline: { status: 'OFFLINE', says: 'Take an executor out of work for good; it stays out when it registers again' },
  online: { status: 'ONLINE', says: 'Give an executor back to work; from then on its own word counts again' },
} as const
