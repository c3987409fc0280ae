import type { Backfill, Client, ScheduleView } from '@carillon/contract'
import { Button, Select, Stack, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { CircleCheck, CircleX, Clock, History, StepForward } from 'lucide-react'
import { useState } from 'react'
import { useLive } from '../../app/live.ts'
import { useLiveList } from '../../app/live-list.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { DataTable } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { ProblemAlert } from '../../components/ErrorPanel.tsx'
import { Facts } from '../../components/Facts.tsx'
import { Found } from '../../components/Found.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { Marker } from '../../components/Marker.tsx'
import { durationText } from '../../components/moments.ts'
import { ObjectPage } from '../../components/ObjectPage.tsx'
import { RemoveDialog } from '../../components/RemoveDialog.tsx'
import { Revisions } from '../../components/Revisions.tsx'
import { TenantLink } from '../../components/TenantLink.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { BackfillDialog } from './BackfillDialog.tsx'
import { NextFires } from './NextFires.tsx'
import { ScheduleForm } from './ScheduleForm.tsx'
import { ScheduleState } from './ScheduleState.tsx'
import { Target } from './Target.tsx'
import { schedulesTexts } from './text.ts'
import { Timing, zoneOf } from './Timing.tsx'

const route = getRouteApi('/t/$tenant/schedules/$schedule')

export function SchedulePage() {
  const { schedule } = route.useParams()
  const { api, code } = useTenant()
  const found = useLive(null, {
    queryKey: ['schedules', code, schedule],
    queryFn: ({ signal }) => api.schedules.get({ params: { schedule } }, { signal }),
  })
  return <Found query={found}>{(view) => <ScheduleDetail schedule={view} />}</Found>
}

type Dialog = 'pause' | 'resume' | 'edit' | 'backfill' | 'remove' | null

function ScheduleDetail({ schedule }: { schedule: ScheduleView }) {
  const t = useTexts(schedulesTexts)
  const { api, code, can } = useTenant()
  const client = useQueryClient()
  const setSearch = useSetSearch()
  const [dialog, open] = useState<Dialog>(null)
  const close = () => open(null)
  const params = { schedule: schedule.id }
  const writable = can('definition.write')
  return (
    <ObjectPage
      title={schedule.code}
      hint={[schedule.name, schedule.pauseReason].filter((text) => text !== null && text !== '').join(' · ')}
      beside={<ScheduleState schedule={schedule} />}
      actions={[
        can('schedule.pause') &&
          (schedule.paused
            ? { name: 'pause', word: t('resume'), act: () => open('resume') }
            : { name: 'pause', word: t('pause'), act: () => open('pause') }),
        writable && { name: 'edit', word: t('edit'), act: () => open('edit') },
        writable && { name: 'backfill', word: t('backfill'), act: () => open('backfill') },
        writable && { name: 'remove', word: t('remove'), act: () => open('remove') },
      ]}
      tabs={[
        { value: 'overview', label: t('overview'), content: <Overview schedule={schedule} /> },
        { value: 'fires', label: t('fires'), content: <FiresOf schedule={schedule} /> },
        { value: 'backfills', label: t('backfills'), content: <BackfillsOf schedule={schedule} /> },
        {
          value: 'history',
          label: t('history'),
          content: (
            <Revisions
              queryKey={['schedules', code, schedule.code]}
              list={(query) => api.schedules.revisions({ params, query })}
              restore={(revision) => api.schedules.restore({ params, body: { version: schedule.version, revision } })}
              mayRestore={writable}
            />
          ),
        },
      ]}
    >
      {dialog === 'edit' && <EditDialog schedule={schedule} onClose={close} />}
      {dialog === 'backfill' && (
        <BackfillDialog
          schedule={schedule}
          onClose={close}
          onDone={() => {
            close()
            void client.invalidateQueries({ queryKey: ['schedules', code] })
            setSearch({ tab: 'backfills' }, 'push')
          }}
        />
      )}
      <Questions schedule={schedule} dialog={dialog} onClose={close} />
    </ObjectPage>
  )
}

function EditDialog({ schedule, onClose }: { schedule: ScheduleView; onClose: () => void }) {
  const { code } = useTenant()
  const navigate = route.useNavigate()
  return (
    <ScheduleForm
      schedule={schedule}
      onClose={onClose}
      onDone={(saved) => {
        onClose()
        if (saved.code !== schedule.code)
          void navigate({ to: '/t/$tenant/schedules/$schedule', params: { tenant: code, schedule: saved.code } })
      }}
    />
  )
}

function Questions({ schedule, dialog, onClose }: { schedule: ScheduleView; dialog: Dialog; onClose: () => void }) {
  const t = useTexts(schedulesTexts)
  const { api, code } = useTenant()
  const client = useQueryClient()
  const [reason, setReason] = useState('')
  const params = { schedule: schedule.id }
  const changed = () => client.invalidateQueries({ queryKey: ['schedules', code] })
  return (
    <>
      <ConfirmDialog
        opened={dialog === 'pause'}
        onClose={onClose}
        title={t('pauseTitle', { code: schedule.code })}
        confirm={t('pause')}
        onConfirm={() => api.schedules.pause({ params, body: reason === '' ? {} : { reason } }).then(changed)}
      >
        <Text mb="sm">{t('pauseHint')}</Text>
        <TextInput label={t('reason')} value={reason} onChange={({ currentTarget }) => setReason(currentTarget.value)} />
      </ConfirmDialog>
      <ConfirmDialog
        opened={dialog === 'resume'}
        onClose={onClose}
        title={`${t('resume')}: ${schedule.code}`}
        confirm={t('resume')}
        onConfirm={() => api.schedules.resume({ params }).then(changed)}
      >
        {t('nextFire')}: <Time at={schedule.nextFireAt} zone={zoneOf(schedule.timing)} />
      </ConfirmDialog>
      <RemoveDialog
        opened={dialog === 'remove'}
        onClose={onClose}
        title={t('removeTitle', { code: schedule.code })}
        confirm={t('remove')}
        list="schedules"
        remove={() => api.schedules.remove({ params })}
      >
        {t('removeHint')}
      </RemoveDialog>
    </>
  )
}

function Overview({ schedule }: { schedule: ScheduleView }) {
  const t = useTexts(schedulesTexts)
  const { api, code } = useTenant()
  const zone = zoneOf(schedule.timing)
  const preview = useQuery({
    // Its next fires are others once it has fired, or was changed.
    queryKey: ['schedules', code, schedule.id, 'preview', schedule.version, schedule.nextFireAt],
    queryFn: ({ signal }) => api.schedules.preview({ params: { schedule: schedule.id }, query: { count: 20 } }, { signal }),
    placeholderData: (previous) => previous,
  })
  return (
    <Stack>
      {schedule.description !== '' && <Text className="foreign">{schedule.description}</Text>}
      <Facts
        facts={[
          [t('target'), <Target key="target" schedule={schedule} />],
          [t('timing'), <Timing key="timing" timing={schedule.timing} />],
          [t('nextFire'), <Time key="next" at={schedule.nextFireAt} zone={zone} />],
          [t('lastFire'), <Time key="last" at={schedule.lastFireAt} zone={zone} />],
          [t('dst'), schedule.timing.kind === 'CRON' && schedule.timing.dst !== 'DEFAULT' ? t(schedule.timing.dst) : null],
          [t('calendars'), schedule.calendars.map(({ calendar, mode }) => t(mode, { calendar: calendar.code })).join(', ')],
          [t('startAt'), schedule.startAt && <Time key="start" at={schedule.startAt} zone={zone} />],
          [t('endAt'), schedule.endAt && <Time key="end" at={schedule.endAt} zone={zone} />],
          [t('jitter'), schedule.jitterMs > 0 ? durationText(schedule.jitterMs) : null],
          [t('misfire'), t(`misfire_${schedule.effective.misfire.policy}`)],
          [t('priority'), schedule.priority],
          [
            t('labels'),
            Object.entries(schedule.labels)
              .map(([key, value]) => `${key}=${value}`)
              .join(', '),
          ],
          [t('version'), schedule.version],
          [t('created'), <Time key="created" at={schedule.createdAt} />],
          [t('updated'), <Time key="updated" at={schedule.updatedAt} />],
        ]}
      />
      {Object.keys(schedule.params).length > 0 && <JsonView value={schedule.params} label={t('parameters')} />}
      <Text component="h2" fw={600}>
        {t('nextFires')}
      </Text>
      {schedule.paused && <Text c="dimmed">{t('nextFiresPaused')}</Text>}
      <ProblemAlert error={preview.error} />
      {preview.data !== undefined && <NextFires preview={preview.data} label={t('nextFires')} />}
    </Stack>
  )
}

type Fire = Awaited<ReturnType<Client['schedules']['fires']>>['items'][number]

const OUTCOMES = {
  RUN: { tone: 'success', icon: CircleCheck, outline: 'solid' },
  LATE: { tone: 'queued', icon: Clock, outline: 'solid' },
  CAUGHT_UP: { tone: 'retrying', icon: History, outline: 'dashed' },
  SKIPPED: { tone: 'skipped', icon: StepForward, outline: 'dotted' },
  MISSED: { tone: 'failed', icon: CircleX, outline: 'thick' },
} as const
const OUTCOME_NAMES = Object.keys(OUTCOMES) as (keyof typeof OUTCOMES)[]

const REASONS = ['ON_TIME', 'MISFIRE', 'CALENDAR', 'PAUSED', 'DISABLED', 'TENANT_SUSPENDED'] as const

/** In words; one that this console does not know stands as it is. */
function FireReason({ reason }: { reason: string }) {
  const t = useTexts(schedulesTexts)
  const known = REASONS.find((each) => each === reason)
  return <span className="foreign">{known === undefined ? reason : t(`because_${known}`)}</span>
}

function FiresOf({ schedule }: { schedule: ScheduleView }) {
  const t = useTexts(schedulesTexts)
  const { api, code } = useTenant()
  const search = route.useSearch()
  const setSearch = useSetSearch()
  const outcome = OUTCOME_NAMES.find((each) => each === search.outcome)
  const zone = zoneOf(schedule.timing)
  const list = useLiveList<Fire>(null, {
    queryKey: ['schedules', code, schedule.id, 'fires', outcome],
    page: (cursor, signal) =>
      api.schedules.fires({ params: { schedule: schedule.id }, query: given({ outcome, cursor }) }, { signal }),
    idOf: ({ fireAt, outcome: each }) => `${fireAt} ${each}`,
  })
  return (
    <>
      <Select
        label={t('outcome')}
        data={OUTCOME_NAMES.map((value) => ({ value, label: t(value) }))}
        value={outcome ?? null}
        clearable
        clearButtonProps={{ 'aria-label': `× ${t('outcome')}` }}
        onChange={(next) => setSearch({ outcome: next ?? undefined })}
        w={180}
        mb="sm"
      />
      <DataTable<Fire>
        label={t('fires')}
        list={list}
        idOf={({ fireAt, outcome: each }) => `${fireAt} ${each}`}
        empty={<EmptyState title={t(outcome === undefined ? 'noLedger' : 'noLedgerMatch')} />}
        columns={[
          {
            id: 'fire',
            header: t('fire'),
            cell: ({ fireAt, lastFireAt, count }) => (
              <div>
                <Time at={fireAt} zone={zone} />
                {count > 1 && (
                  <Text size="xs" c="dimmed">
                    {t('stretch', { count })} <Time at={lastFireAt} zone={zone} />
                  </Text>
                )}
              </div>
            ),
          },
          {
            id: 'outcome',
            header: t('outcome'),
            cell: (fire) => <Marker word={t(fire.outcome)} {...OUTCOMES[fire.outcome]} />,
          },
          { id: 'reason', header: t('reason'), cell: ({ reason }) => <FireReason reason={reason} /> },
          {
            id: 'run',
            header: t('run'),
            cell: ({ runId }) =>
              runId === null ? <span aria-hidden>–</span> : <TenantLink to={`runs/${runId}`}>#{runId}</TenantLink>,
          },
          { id: 'decided', header: t('decided'), wide: true, cell: ({ decidedAt }) => <Time at={decidedAt} /> },
        ]}
      />
    </>
  )
}

function BackfillsOf({ schedule }: { schedule: ScheduleView }) {
  const t = useTexts(schedulesTexts)
  const { api, code, can } = useTenant()
  const client = useQueryClient()
  const [stopping, stop] = useState<Backfill | null>(null)
  const list = useLiveList<Backfill>(null, {
    queryKey: ['schedules', code, schedule.id, 'backfills'],
    page: (cursor, signal) =>
      api.schedules.backfills({ params: { schedule: schedule.id }, query: given({ cursor }) }, { signal }),
    idOf: ({ id }) => id,
  })
  return (
    <>
      <DataTable<Backfill>
        label={t('backfills')}
        list={list}
        idOf={({ id }) => id}
        empty={<EmptyState title={t('noBackfills')}>{t('backfillHint')}</EmptyState>}
        columns={[
          {
            id: 'range',
            header: t('range'),
            cell: ({ fromAt, toAt }) => (
              // One box: on a phone the cell lays its parts out in a row that does not break.
              <div>
                <Time at={fromAt} /> – <Time at={toAt} />
              </div>
            ),
          },
          { id: 'state', header: t('state'), cell: ({ state }) => t(state) },
          { id: 'runs', header: t('runs'), align: 'right', cell: ({ runs }) => runs },
          { id: 'skipped', header: t('skipped'), align: 'right', wide: true, cell: ({ skipped }) => skipped },
          { id: 'progress', header: t('progress'), wide: true, cell: ({ nextAt }) => <Time at={nextAt} /> },
          { id: 'by', header: t('by'), wide: true, cell: ({ createdBy }) => <span className="foreign">{createdBy}</span> },
          {
            id: 'ended',
            header: t('ended'),
            cell: (backfill) =>
              backfill.state === 'RUNNING' && can('definition.write') ? (
                <Button size="compact-sm" variant="default" onClick={() => stop(backfill)}>
                  {t('stop')}
                </Button>
              ) : (
                <Time at={backfill.endedAt} />
              ),
          },
        ]}
      />
      <ConfirmDialog
        opened={stopping !== null}
        onClose={() => stop(null)}
        title={t('stopTitle')}
        confirm={t('stop')}
        onConfirm={async () => {
          await api.schedules.cancelBackfill({ params: { schedule: schedule.id, backfill: String(stopping!.id) } })
          await client.invalidateQueries({ queryKey: ['schedules', code] })
        }}
      >
        {t('stopHint')}
      </ConfirmDialog>
    </>
  )
}
