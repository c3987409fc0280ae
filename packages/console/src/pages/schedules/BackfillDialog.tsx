import type { ScheduleView } from '@carillon/contract'
import { Group, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { say } from '../../app/Notice.tsx'
import { useTenant } from '../../app/session.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { zoneName } from '../../components/moments.ts'
import { JsonField } from '../../components/schema-form/JsonField.tsx'
import { recordOf } from '../../components/schema-form/schema.ts'
import { useTexts } from '../../i18n/texts.ts'
import { instantOf, localOf } from './draft.ts'
import { schedulesTexts } from './text.ts'

const DAY = 86_400_000
/** As many as the server previews at once. */
const MOST_COUNTED = 100

interface BackfillDialogProps {
  readonly schedule: ScheduleView
  readonly onClose: () => void
  readonly onDone: () => void
}

/** Runs the fires of a past range; says before how many they are. */
export function BackfillDialog({ schedule, onClose, onDone }: BackfillDialogProps) {
  const t = useTexts(schedulesTexts)
  const { api, code } = useTenant()
  const client = useQueryClient()
  const [now] = useState(() => Math.floor(Date.now() / 60_000) * 60_000)
  const [from, setFrom] = useState(localOf(now - DAY))
  const [to, setTo] = useState(localOf(now))
  const [perMinute, setPerMinute] = useState('60')
  const [params, setParams] = useState<unknown>({})
  const range = { fromAt: instantOf(from) ?? Number.NaN, toAt: instantOf(to) ?? Number.NaN }
  const send = () =>
    api.schedules.createBackfill({
      params: { schedule: schedule.id },
      body: { ...range, perMinute: perMinute === '' ? Number.NaN : Number(perMinute), params: recordOf(params) },
    })
  const zone = t('myZone', { zone: zoneName('local') })
  return (
    <FormDialog
      title={t('backfillTitle', { code: schedule.code })}
      submit={t('backfillDo')}
      size="lg"
      onClose={onClose}
      onSubmit={send}
      onDone={() => {
        say(t('backfillStarted'))
        void client.invalidateQueries({ queryKey: ['schedules', code] })
        onDone()
      }}
    >
      {(problem) => (
        <>
          <Text c="dimmed">{t('backfillHint')}</Text>
          <Group align="flex-start" grow>
            <TextInput
              label={t('from')}
              description={zone}
              type="datetime-local"
              required
              data-autofocus
              value={from}
              error={problem('/fromAt')}
              onChange={({ currentTarget }) => setFrom(currentTarget.value)}
            />
            <TextInput
              label={t('to')}
              description={zone}
              type="datetime-local"
              required
              value={to}
              error={problem('/toAt')}
              onChange={({ currentTarget }) => setTo(currentTarget.value)}
            />
          </Group>
          <Counted schedule={schedule} {...range} />
          <TextInput
            label={t('startsAMinute')}
            inputMode="numeric"
            value={perMinute}
            error={problem('/perMinute')}
            onChange={({ currentTarget }) => setPerMinute(currentTarget.value)}
          />
          <JsonField
            label={t('parameters')}
            description={t('parametersHint')}
            value={params}
            onChange={(next) => setParams(next ?? {})}
            error={problem('/params')}
          />
        </>
      )}
    </FormDialog>
  )
}

function Counted({ schedule, fromAt, toAt }: { schedule: ScheduleView; fromAt: number; toAt: number }) {
  const t = useTexts(schedulesTexts)
  const { api, code } = useTenant()
  const preview = useQuery({
    queryKey: ['schedules', code, schedule.id, 'range', fromAt],
    queryFn: ({ signal }) =>
      api.schedules.preview({ params: { schedule: schedule.id }, query: { from: fromAt, count: MOST_COUNTED } }, { signal }),
    enabled: fromAt < toAt,
  })
  if (preview.data === undefined || !(fromAt < toAt)) return null
  const within = preview.data.fires.filter(({ fireAt }) => fireAt < toAt)
  const count = within.filter(({ excluded }) => excluded === null).length
  return <Text role="status">{t(within.length === MOST_COUNTED ? 'wouldRunMore' : 'wouldRun', { count })}</Text>
}
