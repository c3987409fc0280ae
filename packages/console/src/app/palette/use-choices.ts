import type { Client } from '@carillon/contract'
import { useDebouncedValue } from '@mantine/hooks'
import { keepPreviousData, useQuery } from '@tanstack/react-query'
import { createApi } from '../../api/client.ts'
import { platformApi } from '../../api/session.ts'
import { useTexts } from '../../i18n/texts.ts'
import { pagesFor } from '../Navigation.tsx'
import { permissionsIn, useSession } from '../session.tsx'
import { shellTexts } from '../text.ts'
import { closestFirst, matches, runNumber, type Choice } from './choices.ts'
import { paletteTexts } from './text.ts'

/** Of each kind that is looked for; the list of that kind has the others. */
const EACH = 6

export interface Choices {
  readonly choices: readonly Choice[]
  readonly looking: boolean
  readonly error: Error | null
}

/** What `typed` may mean, on the pages of a tenant (null: outside of any). What the reader may not see is not there. */
export function useChoices(tenant: string | null, typed: string): Choices {
  const t = useTexts(paletteTexts)
  const shell = useTexts(shellTexts)
  const session = useSession()
  const [settled] = useDebouncedValue(typed.trim(), 120)
  const reads = tenant !== null && permissionsIn(session, tenant).includes('read')
  const objects = useQuery({
    queryKey: ['palette', 'objects', tenant, settled],
    queryFn: ({ signal }) => objectsOf(createApi(tenant), tenant!, settled, signal),
    enabled: reads && settled !== '',
    placeholderData: keepPreviousData,
    retry: false,
  })
  const tenants = useQuery({
    queryKey: ['palette', 'tenants', settled],
    queryFn: ({ signal }) => platformApi.tenants.list({ query: { q: settled, limit: EACH } }, { signal }),
    enabled: session.user.platformAdmin && settled !== '',
    placeholderData: keepPreviousData,
    retry: false,
  })
  const pages = pagesFor(session, tenant).map(({ word, to }): Choice => ({
    id: `page ${to}`,
    group: 'pages',
    label: shell(word),
    to,
  }))
  const known = new Map([
    ...(settled === '' ? [] : (tenants.data?.items ?? [])).map(({ code, name }) => [code, name] as const),
    ...session.memberships.map(({ tenant: { code, name } }) => [code, name] as const),
  ])
  const others = [...known].flatMap(([code, name]): Choice[] =>
    code === tenant ? [] : [{ id: `tenant ${code}`, group: 'tenants', label: code, ...hintOf(name, code), to: `/t/${code}` }],
  )
  const local = [...pages, ...others].filter(({ label, hint = '' }) => matches(typed, label, hint))
  // What was found for the letters before stands until the answer comes, as far as it still fits.
  const remote = (objects.data ?? []).filter((found) => fits(found, typed, objects.isPlaceholderData))
  const named = remote.map((found): Choice => ({ ...found, label: found.label ?? wordOf(found) }))
  const looking = typed.trim() !== settled || objects.isFetching || tenants.isFetching
  return { choices: closestFirst(typed, [...local, ...named]), looking, error: objects.error ?? tenants.error }

  function wordOf({ group, run }: Found): string {
    return group === 'run' ? t('runLabel', { id: run }) : t('all')
  }
}

/** Without a label where that is a word of the console. */
type Found = Omit<Choice, 'label'> & { readonly label?: string; readonly run?: number }

function fits({ label, hint = '', run }: Found, typed: string, isOld: boolean): boolean {
  if (typed.trim() === '') return false
  if (run !== undefined) return run === runNumber(typed)
  return label === undefined ? !isOld : matches(typed, label, hint)
}

async function objectsOf(api: Client, tenant: string, q: string, signal: AbortSignal): Promise<readonly Found[]> {
  const query = { q, limit: EACH }
  const base = `/t/${tenant}`
  const [run, tasks, dags, schedules, executors] = await Promise.all([
    runOf(api, base, runNumber(q), signal),
    api.tasks.list({ query }, { signal }),
    api.dags.list({ query }, { signal }),
    api.schedules.list({ query }, { signal }),
    api.executors.list({ query }, { signal }),
  ])
  const coded = (group: 'tasks' | 'dags' | 'schedules', { items, nextCursor }: CodedPage) => [
    ...items.map(({ id, code, name }) => ({
      ...{ id: `${group} ${id}`, group, label: code, ...hintOf(name, code) },
      to: `${base}/${group}/${code}`,
    })),
    ...allOf(group, nextCursor),
  ]
  const allOf = (group: Choice['group'], nextCursor: string | null): Found[] =>
    nextCursor === null ? [] : [{ id: `${group} all`, group, to: `${base}/${group}?q=${encodeURIComponent(q)}` }]
  return [
    ...run,
    ...coded('tasks', tasks),
    ...coded('dags', dags),
    ...coded('schedules', schedules),
    ...executors.items.map(({ id, instance, app }): Found => ({
      ...{ id: `executors ${id}`, group: 'executors', label: instance, hint: app.code },
      to: `${base}/executors/${id}`,
    })),
    ...allOf('executors', executors.nextCursor),
  ]
}

interface CodedPage {
  readonly items: readonly { readonly id: number; readonly code: string; readonly name: string }[]
  readonly nextCursor: string | null
}

const hintOf = (name: string, code: string) => (name === '' || name === code ? {} : { hint: name })

/** Only one that is there: a number that leads nowhere is no choice. By its instances, of which one is asked for: the run itself may have thousands. */
async function runOf(api: Client, base: string, run: number | null, signal: AbortSignal): Promise<readonly Found[]> {
  if (run === null) return []
  const { items } = await api.instances.list({ query: { run, limit: 1 } }, { signal })
  const [first] = items
  if (first === undefined) return []
  const code = first.task?.code ?? null
  // Of a DAG the first instance is no name for all.
  const hint = first.nodeCode === null && code !== null ? { hint: code } : {}
  return [{ id: `run ${run}`, group: 'run', run, ...hint, to: `${base}/runs/${run}` }]
}
