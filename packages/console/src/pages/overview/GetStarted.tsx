import type { Client, Overview } from '@carillon/contract'
import { Anchor, Button, Group, Paper, Stack, Text, Title } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { Circle, CircleCheck } from 'lucide-react'
import { setPreferences, usePreferences } from '../../app/preferences.ts'
import { useTenant } from '../../app/session.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { overviewTexts } from './text.ts'

/** The way from nothing to something that runs by itself; every tick is a fact of this tenant. */
export function GetStarted({ overview }: { overview: Overview }) {
  const t = useTexts(overviewTexts)
  const { api, code, can } = useTenant()
  const { startedHidden } = usePreferences()
  const hidden = startedHidden.includes(code)
  const tasks = useQuery({
    queryKey: ['tasks', code, 'first'],
    queryFn: () => api.tasks.list({ query: { limit: 1 } }),
    enabled: !hidden,
  })
  const byHand = useQuery({
    queryKey: ['runs', code, 'first by hand'],
    queryFn: () => api.runs.list({ query: { origin: 'CONSOLE' } }),
    enabled: !hidden,
    refetchInterval: 10_000,
  })
  const dags = useQuery({
    queryKey: ['dags', code, 'first'],
    queryFn: () => firstDagOf(api),
    enabled: !hidden,
    refetchInterval: (query) => (query.state.data?.succeeded === true ? false : 10_000),
  })
  const tokens = useQuery({
    queryKey: ['tokens', code, 'first'],
    queryFn: () => api.tokens.list({ query: { limit: 10, revoked: false } }),
    enabled: !hidden && can('token.manage'),
  })
  if (hidden || tasks.data === undefined || byHand.data === undefined || dags.data === undefined) return null
  const task = tasks.data.items[0]
  const steps = [
    { word: 'stepExecutor', done: overview.executors.inService > 0, to: `/t/${code}/executors` },
    { word: 'stepTask', done: task !== undefined, to: `/t/${code}/tasks` },
    {
      word: 'stepRun',
      done: byHand.data.items.some(({ kind }) => kind === 'TASK'),
      to: task === undefined ? `/t/${code}/tasks` : `/t/${code}/tasks?run=${task.code}`,
    },
    {
      word: 'stepDag',
      done: dags.data.succeeded,
      to: dags.data.code === undefined ? `/t/${code}/dags` : `/t/${code}/dags/${dags.data.code}?run=1`,
    },
    { word: 'stepSchedule', done: overview.next.length > 0, to: `/t/${code}/schedules` },
    ...(can('token.manage')
      ? [{ word: 'stepToken', done: (tokens.data?.items.filter(isOfPeople).length ?? 0) > 0, to: `/t/${code}/tokens` } as const]
      : []),
  ] as const
  if (steps.every(({ done }) => done)) return null
  return (
    <Paper withBorder p="md" component="section" aria-label={t('started')} style={{ borderColor: 'var(--hairline)' }}>
      <Group justify="space-between">
        <Title order={2}>{t('started')}</Title>
        <Button size="compact-sm" variant="subtle" onClick={() => setPreferences({ startedHidden: [...startedHidden, code] })}>
          {t('dismiss')}
        </Button>
      </Group>
      <Text size="sm" c="dimmed" mb="xs">
        {t('startedHint')}
      </Text>
      <Stack gap={8} component="ol" style={{ listStyle: 'none', margin: 0, padding: 0 }}>
        {steps.map(({ word, done, to }) => (
          <li key={word}>
            <Group gap="xs">
              {done ? (
                <CircleCheck size={16} color="var(--state-success)" aria-label={t('done')} />
              ) : (
                <Circle size={16} color="var(--state-pending)" aria-label={t('open')} />
              )}
              <Anchor component={Link} to={to} size="sm" display="inline-block" py={3}>
                {t(word)}
              </Anchor>
            </Group>
          </li>
        ))}
      </Stack>
    </Paper>
  )
}

/** More DAGs than a tenant has that still reads this list. */
const MOST_DAGS = 10

/** A DAG that can be run, and whether a run of any has succeeded: a later one that failed takes nothing back. */
async function firstDagOf(api: Client): Promise<{ readonly code: string | undefined; readonly succeeded: boolean }> {
  const { items } = await api.dags.list({ query: { active: true, limit: MOST_DAGS } })
  const ran = items.filter(({ lastRun }) => lastRun !== null)
  const best = await Promise.all(ran.map(({ code }) => api.runs.list({ query: { dag: code, state: ['SUCCESS'], limit: 1 } })))
  return { code: items[0]?.code, succeeded: best.some((runs) => runs.items.length > 0) }
}

/** Those that the first start makes are nobody's own doing. */
function isOfPeople({ createdBy }: { readonly createdBy: string }): boolean {
  return createdBy.startsWith('user:')
}
