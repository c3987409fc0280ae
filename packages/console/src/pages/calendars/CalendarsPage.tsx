import type { CalendarView } from '@carillon/contract'
import { Button, Text } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useLiveList } from '../../app/live-list.ts'
import { BY_PEOPLE_MS } from '../../app/live.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import type { Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FieldsDialog } from '../../components/FieldsDialog.tsx'
import { linesOf, type FormValues } from '../../components/FormFields.tsx'
import { ListPage } from '../../components/ListPage.tsx'
import { RowActions } from '../../components/RowActions.tsx'
import { Time } from '../../components/Time.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { calendarsTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/calendars')

type Dialog = { readonly kind: 'create' } | { readonly kind: 'edit' | 'remove'; readonly calendar: CalendarView }

export function CalendarsPage() {
  const t = useTexts(calendarsTexts)
  const { code, api, can } = useTenant()
  const search = route.useSearch()
  const client = useQueryClient()
  const [dialog, open] = useState<Dialog | null>(null)
  const list = useLiveList<CalendarView>(null, {
    queryKey: ['calendars', code, search],
    page: (cursor, signal) => api.calendars.list({ query: given({ q: search.q, cursor }) }, { signal }),
    idOf: ({ id }) => id,
    everyMs: BY_PEOPLE_MS,
  })
  const changed = () => client.invalidateQueries({ queryKey: ['calendars', code] })
  return (
    <ListPage
      title={t('title')}
      hint={t('hint')}
      action={can('definition.write') && <Button onClick={() => open({ kind: 'create' })}>{t('create')}</Button>}
      filters={[{ key: 'q', label: t('search'), kind: 'text', width: 220 }]}
      values={{ q: search.q }}
      list={list}
      idOf={({ id }) => id}
      columns={useColumns(open)}
      none={<EmptyState title={t('none')}>{t('noneHint')}</EmptyState>}
      noMatch={<EmptyState title={t('noMatch')} />}
    >
      {dialog !== null && dialog.kind !== 'remove' && (
        <CalendarForm
          calendar={dialog.kind === 'edit' ? dialog.calendar : null}
          onClose={() => open(null)}
          onDone={() => {
            open(null)
            void changed()
          }}
        />
      )}
      <ConfirmDialog
        opened={dialog?.kind === 'remove'}
        onClose={() => open(null)}
        title={t('removeTitle', { code: dialog?.kind === 'remove' ? dialog.calendar.code : '' })}
        confirm={t('remove')}
        danger
        onConfirm={async () => {
          if (dialog?.kind === 'remove') await api.calendars.remove({ params: { calendar: dialog.calendar.id } })
          await changed()
        }}
      >
        {t('removeHint')}
      </ConfirmDialog>
    </ListPage>
  )
}

function useColumns(open: (dialog: Dialog) => void): readonly Column<CalendarView>[] {
  const t = useTexts(calendarsTexts)
  const { can } = useTenant()
  const shown: readonly Column<CalendarView>[] = [
    {
      id: 'code',
      header: t('code'),
      cell: ({ code, name }) => (
        <div>
          <span className="foreign">{code}</span>
          <Text size="xs" c="dimmed" className="foreign">
            {name}
          </Text>
        </div>
      ),
    },
    { id: 'timezone', header: t('timezone'), cell: ({ timezone }) => timezone },
    { id: 'weekdays', header: t('weekdays'), wide: true, cell: ({ weekdays }) => weekdays.join(', ') },
    { id: 'days', header: t('days'), cell: ({ days }) => t('dayCount', { count: days.length }) },
    {
      id: 'exceptDays',
      header: t('exceptDays'),
      wide: true,
      cell: ({ exceptDays }) => t('dayCount', { count: exceptDays.length }),
    },
    { id: 'updated', header: t('updated'), wide: true, cell: ({ updatedAt }) => <Time at={updatedAt} /> },
  ]
  const actions: Column<CalendarView> = {
    id: 'actions',
    header: t('actions'),
    cell: (calendar) => (
      <RowActions
        actions={[
          {
            ...{ word: t('edit'), label: t('editCode', { code: calendar.code }) },
            act: () => open({ kind: 'edit', calendar }),
          },
          {
            ...{ word: t('remove'), label: t('removeCode', { code: calendar.code }) },
            act: () => open({ kind: 'remove', calendar }),
          },
        ]}
      />
    ),
  }
  return can('definition.write') ? [...shown, actions] : shown
}

interface CalendarFormProps {
  readonly calendar: CalendarView | null
  readonly onClose: () => void
  readonly onDone: () => void
}

function CalendarForm({ calendar, onClose, onDone }: CalendarFormProps) {
  const t = useTexts(calendarsTexts)
  const { api } = useTenant()
  const initial: FormValues = {
    code: calendar?.code ?? '',
    name: calendar?.name ?? '',
    description: calendar?.description ?? '',
    timezone: calendar?.timezone ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
    weekdays: calendar?.weekdays.join(', ') ?? '',
    days: calendar?.days.join('\n') ?? '',
    exceptDays: calendar?.exceptDays.join('\n') ?? '',
  }
  const send = (values: FormValues) => {
    const name = String(values['name'])
    const body = {
      code: String(values['code']),
      ...(name === '' ? {} : { name }),
      description: String(values['description']),
      timezone: String(values['timezone']),
      weekdays: linesOf(values['weekdays']).map(Number),
      days: linesOf(values['days']),
      exceptDays: linesOf(values['exceptDays']),
    }
    return calendar === null
      ? api.calendars.create({ body })
      : api.calendars.update({ params: { calendar: calendar.id }, body: { ...body, version: calendar.version } })
  }
  return (
    <FieldsDialog
      title={calendar === null ? t('create') : t('editCode', { code: calendar.code })}
      submit={calendar === null ? t('createDo') : t('save')}
      fields={[
        { key: 'code', label: t('code'), required: true },
        { key: 'name', label: t('name') },
        { key: 'description', label: t('description'), kind: 'long' },
        { key: 'timezone', label: t('timezone'), hint: t('timezoneHint'), required: true },
        { key: 'weekdays', label: t('weekdays'), hint: t('weekdaysHint') },
        { key: 'days', label: t('days'), hint: t('daysHint'), kind: 'lines' },
        { key: 'exceptDays', label: t('exceptDays'), hint: t('exceptDaysHint'), kind: 'lines' },
      ]}
      initial={initial}
      onClose={onClose}
      onSubmit={send}
      onDone={onDone}
    />
  )
}
