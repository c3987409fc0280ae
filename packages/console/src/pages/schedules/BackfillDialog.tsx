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

/** How many fires the range holds, as the server counts them; where it stops counting, that it does. */
function Counted({ schedule, fromAt: from, toAt: to }: { schedule: ScheduleView; fromAt: number; toAt: number }) {
  const t = useTexts(schedulesTexts)
  const { api, code } = useTenant()
  const count = useQuery({
    queryKey: ['schedules', code, schedule.id, 'count', from, to],
    queryFn: ({ signal }) => api.schedules.count({ params: { schedule: schedule.id }, query: { from, to } }, { signal }),
    enabled: from < to,
  })
  if (count.data === undefined || !(from < to)) return null
  const { fires, excluded, more } = count.data
  return (
    <Text role="status">
      {t(more ? 'wouldRunMore' : 'wouldRun', { count: fires })}
      {excluded > 0 && ` · ${t('wouldLeaveOut', { count: excluded })}`}
      {more && ` · ${t('countedNoFurther', { count: fires + excluded })}`}
    </Text>
  )
}
