import type { Client, ExecutorView } from '@carillon/contract'
import { everyPage } from '../every-page.ts'
import type { Findings } from './findings.ts'
import type { Executors } from './work.ts'
import type { XxlGroup } from './xxl-tables.ts'

/** An executor whose address somebody typed into xxl-job: it never registers, so it is registered for it. */
export interface PlannedExecutor {
  /** Code of its app. */
  readonly app: string
  /** Also its name. */
  readonly address: string
}

/** The executors of groups with manual addresses, each once. */
export function executorsOf(
  groups: readonly XxlGroup[],
  appOf: ReadonlyMap<number, string>,
  executors: Executors,
  findings: Findings,
): PlannedExecutor[] {
  const planned = new Map<string, PlannedExecutor>()
  for (const { id, addresses } of groups) {
    const app = appOf.get(id)
    if (app === undefined || addresses.length === 0) continue
    if (executors === 'carillon')
      findings.add('TO_DO', `Let the executors of ${app} register; xxl-job called them at ${addresses.join(', ')}`)
    else
      for (const text of addresses) {
        const address = addressOf(text)
        if (address === null) findings.add('LEFT_OUT', `An executor of ${app}: "${text}" is no address`)
        else planned.set(`${app} ${address}`, { app, address })
      }
  }
  const all = [...planned.values()]
  for (const app of new Set(all.map((each) => each.app)))
    findings.add(
      'TO_DO',
      byHand(
        app,
        all.flatMap((each) => (each.app === app ? [each.address] : [])),
      ),
    )
  return all
}

const byHand = (app: string, addresses: readonly string[]) =>
  `The executors of ${app} at ${addresses.join(', ')} do not register. Give them the address and a token of this server; with --executor-token they are registered here, in maintenance until --activate`

/** xxl-job takes an address without its scheme too. */
function addressOf(text: string): string | null {
  const address = /^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`
  if (/[\0-\x20\x7f?#]/.test(address) || !URL.canParse(address) || address.length > 200) return null
  const { protocol, username, port } = new URL(address)
  return (protocol === 'http:' || protocol === 'https:') && username === '' && port !== '0' ? address : null
}

/** By it the import knows again what it has set aside itself. */
const SET_ASIDE = 'Imported from xxl-job: waits for the cut-over'

/** Registers what is not there yet, set aside: as long as xxl-job calls them nothing is to be sent to them from here. Answers what is new. */
export async function registerExecutors(
  client: Client,
  planned: readonly PlannedExecutor[],
  callToken: string,
): Promise<PlannedExecutor[]> {
  const present = await presentOf(client, planned)
  const missing = planned.filter((each) => !present.has(nameOf(each)))
  for (const { app, address } of missing)
    await client.executors.createXxlJob({ body: { app, address, callToken, maintenance: SET_ASIDE } })
  return missing
}

/** Gives work to those that an import has set aside, and nobody else has since. */
export async function releaseExecutors(client: Client, planned: readonly PlannedExecutor[]): Promise<ExecutorView[]> {
  const present = await presentOf(client, planned)
  const waiting = [...present.values()].filter(
    ({ status, statusReason }) => status === 'MAINTENANCE' && statusReason === SET_ASIDE,
  )
  for (const { id } of waiting) await client.executors.setStatus({ params: { executor: id }, body: { status: 'ONLINE' } })
  return waiting
}

const nameOf = ({ app, address }: PlannedExecutor) => `${app} ${address}`

async function presentOf(client: Client, planned: readonly PlannedExecutor[]): Promise<Map<string, ExecutorView>> {
  const wanted = new Set(planned.map(nameOf))
  const present = new Map<string, ExecutorView>()
  for (const app of new Set(planned.map((each) => each.app)))
    for await (const executor of everyPage((page) => client.executors.list({ query: { ...page, app } }))) {
      const name = nameOf({ app, address: executor.instance })
      if (wanted.has(name)) present.set(name, executor)
    }
  return present
}
