import { NavLink, Text } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import {
  Activity,
  AppWindow,
  Building2,
  CalendarDays,
  CalendarClock,
  ClipboardList,
  Gauge,
  KeyRound,
  ListChecks,
  Lock,
  Puzzle,
  ScrollText,
  Server,
  ServerCog,
  Users,
  UsersRound,
  Workflow,
  type LucideIcon,
} from 'lucide-react'
import type { Permission } from '@carillon/core'
import { useTexts, type Texts } from '../i18n/texts.ts'
import type { Session } from '../api/session.ts'
import { permissionsIn, useSession } from './session.tsx'
import { shellTexts } from './text.ts'

/** What NavLink's own `active` sets. */
const ACTIVE = { 'data-active': true, 'aria-current': 'page' } as const

type Word = typeof shellTexts extends Texts<infer K> ? K : never

interface Entry {
  readonly word: Word
  readonly icon: LucideIcon
  readonly path: string
  readonly needs?: Permission
}

/** What a tenant's pages are, in the order of their use. A page that the user may not see is not offered. */
const SECTIONS: readonly { readonly word: Word | null; readonly entries: readonly Entry[] }[] = [
  { word: null, entries: [{ word: 'overview', icon: Gauge, path: '' }] },
  {
    word: 'run',
    entries: [
      { word: 'runs', icon: Activity, path: '/runs' },
      { word: 'instances', icon: ListChecks, path: '/instances' },
      { word: 'schedules', icon: CalendarClock, path: '/schedules' },
    ],
  },
  {
    word: 'build',
    entries: [
      { word: 'dags', icon: Workflow, path: '/dags' },
      { word: 'tasks', icon: ClipboardList, path: '/tasks' },
      { word: 'taskTypes', icon: Puzzle, path: '/task-types' },
      { word: 'calendars', icon: CalendarDays, path: '/calendars' },
    ],
  },
  {
    word: 'operate',
    entries: [
      { word: 'executors', icon: Server, path: '/executors' },
      { word: 'apps', icon: AppWindow, path: '/apps' },
      { word: 'audit', icon: ScrollText, path: '/audit', needs: 'audit.read' },
    ],
  },
  {
    word: 'settings',
    entries: [
      { word: 'members', icon: UsersRound, path: '/members', needs: 'member.manage' },
      { word: 'tokens', icon: KeyRound, path: '/tokens', needs: 'token.manage' },
      { word: 'secrets', icon: Lock, path: '/secrets', needs: 'definition.write' },
    ],
  },
]

const PLATFORM: readonly Entry[] = [
  { word: 'platformOverview', icon: Gauge, path: '/platform' },
  { word: 'nodes', icon: ServerCog, path: '/platform/nodes' },
  { word: 'tenants', icon: Building2, path: '/platform/tenants' },
  { word: 'users', icon: Users, path: '/platform/users' },
]

/** The pages that somebody is offered, as addresses; `tenant` null: none is in the address. */
export function pagesFor(session: Session, tenant: string | null): readonly { readonly word: Word; readonly to: string }[] {
  const allowed = tenant === null ? [] : permissionsIn(session, tenant)
  const entries = allowed.length === 0 ? [] : SECTIONS.flatMap((section) => section.entries)
  return [
    ...entries
      .filter(({ needs }) => needs === undefined || allowed.includes(needs))
      .map(({ word, path }) => ({ word, to: `/t/${tenant}${path}` })),
    ...(session.user.platformAdmin ? PLATFORM : []).map(({ word, path }) => ({ word, to: path })),
    { word: 'me', to: '/me' },
  ]
}

export function Navigation({ tenant }: { tenant: string | null }) {
  const session = useSession()
  const allowed = tenant === null ? [] : permissionsIn(session, tenant)
  return (
    <>
      {tenant !== null &&
        SECTIONS.map(({ word, entries }) => {
          const offered = entries.filter(({ needs }) => needs === undefined || allowed.includes(needs))
          return <Section key={word ?? ''} word={word} entries={offered} base={`/t/${tenant}`} />
        })}
      {session.user.platformAdmin && <Section word="platform" entries={PLATFORM} base="" />}
    </>
  )
}

function Section({ word, entries, base }: { word: Word | null; entries: readonly Entry[]; base: string }) {
  const t = useTexts(shellTexts)
  if (entries.length === 0) return null
  return (
    <>
      {word !== null && (
        <Text size="xs" c="dimmed" fw={600} mt="sm" mb={2} px="xs">
          {t(word)}
        </Text>
      )}
      {entries.map(({ word: name, icon: Icon, path }) => (
        <NavLink
          component={Link}
          key={path}
          to={`${base}${path}`}
          activeOptions={{ exact: path === '' || path === '/platform', includeSearch: false }}
          activeProps={ACTIVE}
          label={t(name)}
          leftSection={<Icon size={16} strokeWidth={1.75} aria-hidden />}
          style={{ borderRadius: 6 }}
          py={5}
        />
      ))}
    </>
  )
}
