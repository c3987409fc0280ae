import type { Client } from '@carillon/contract'
import { Button, Modal, Stack, Table, Text } from '@mantine/core'
import { getRouteApi } from '@tanstack/react-router'
import { useState } from 'react'
import { useLiveList } from '../../app/live-list.ts'
import { given } from '../../app/search.ts'
import { useTenant } from '../../app/session.tsx'
import type { Column } from '../../components/DataTable.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { Facts } from '../../components/Facts.tsx'
import type { Filter } from '../../components/FilterBar.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { ListPage } from '../../components/ListPage.tsx'
import { momentText } from '../../components/moments.ts'
import { useOperationWords } from '../../components/operations.ts'
import { componentTexts } from '../../components/text.ts'
import { Time } from '../../components/Time.tsx'
import { TwoLines } from '../../components/TwoLines.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { changesBetween } from './changes.ts'
import { auditTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/audit')

type Entry = Awaited<ReturnType<Client['audit']['list']>>['items'][number]

export function AuditPage() {
  const t = useTexts(auditTexts)
  const { code, api } = useTenant()
  const search = route.useSearch()
  const [shown, show] = useState<Entry | null>(null)
  const list = useLiveList<Entry>(null, {
    queryKey: ['audit', code, search],
    page: (cursor, signal) => {
      const { from, to, ...rest } = search
      const times = { from: from === undefined ? undefined : Number(from), to: to === undefined ? undefined : Number(to) }
      return api.audit.list({ query: given({ ...rest, ...times, cursor }) }, { signal })
    },
    idOf: ({ id }) => id,
  })
  return (
    <ListPage
      title={t('title')}
      hint={t('hint')}
      filters={useFilters()}
      values={search}
      list={list}
      idOf={({ id }) => id}
      columns={useColumns(show)}
      none={<EmptyState title={t('none')} />}
      noMatch={<EmptyState title={t('noMatch')}>{t('noMatchHint')}</EmptyState>}
    >
      {shown !== null && <Details entry={shown} onClose={() => show(null)} />}
    </ListPage>
  )
}

function useFilters(): readonly Filter[] {
  const t = useTexts(auditTexts)
  return [
    { key: 'principal', label: t('principal'), kind: 'text', width: 180 },
    { key: 'operation', label: t('operation'), kind: 'text', width: 150 },
    { key: 'objectKind', label: t('objectKind'), kind: 'text', width: 150 },
    { key: 'object', label: t('object'), kind: 'text', width: 180 },
    { key: 'from', label: t('from'), kind: 'time' },
    { key: 'to', label: t('to'), kind: 'time' },
  ]
}

function useColumns(show: (entry: Entry) => void): readonly Column<Entry>[] {
  const t = useTexts(auditTexts)
  const { kindWord, operationWord } = useOperationWords()
  return [
    { id: 'at', header: t('at'), cell: ({ at }) => <Time at={at} /> },
    { id: 'principal', header: t('principal'), cell: ({ principal }) => <span className="foreign">{principal}</span> },
    {
      id: 'operation',
      header: t('operation'),
      cell: ({ operation }) => <TwoLines under={operation}>{operationWord(operation)}</TwoLines>,
    },
    {
      id: 'object',
      header: t('object'),
      cell: ({ objectKind, objectId, after, before }) => (
        <span className="foreign">
          {kindWord(objectKind)} {nameIn(after) ?? nameIn(before) ?? objectId ?? ''}
        </span>
      ),
    },
    { id: 'address', header: t('address'), wide: true, cell: ({ address }) => address },
    {
      id: 'details',
      header: t('details'),
      width: '90px',
      cell: (entry) => (
        <Button
          size="compact-sm"
          variant="default"
          aria-label={t('showDetails', { operation: operationWord(entry.operation), at: momentText(entry.at, 'UTC') })}
          onClick={() => show(entry)}
        >
          {t('details')}
        </Button>
      ),
    },
  ]
}

function nameIn(body: unknown): string | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { code, name, login } = body as Record<string, unknown>
  return [code, login, name].find((word) => typeof word === 'string' && word !== '') as string | undefined
}

function Details({ entry, onClose }: { entry: Entry; onClose: () => void }) {
  const t = useTexts(auditTexts)
  const c = useTexts(componentTexts)
  const { kindWord, operationWord } = useOperationWords()
  const { operation, before, after } = entry
  const changes = changesBetween(before, after)
  return (
    <Modal opened onClose={onClose} title={operationWord(operation)} size="xl" closeButtonProps={{ 'aria-label': c('close') }}>
      <Stack>
        <Facts
          facts={[
            [t('at'), <Time key="at" at={entry.at} />],
            [t('principal'), entry.principal],
            [t('object'), `${kindWord(entry.objectKind)} ${entry.objectId ?? ''}`],
            [t('address'), entry.address],
            [t('request'), entry.requestId],
          ]}
        />
        {changes.length > 0 ? (
          <Table aria-label={t('changes')} layout="fixed">
            <Table.Thead>
              <Table.Tr>
                <Table.Th w={140}>{t('field')}</Table.Th>
                <Table.Th>{t('before')}</Table.Th>
                <Table.Th>{t('after')}</Table.Th>
              </Table.Tr>
            </Table.Thead>
            <Table.Tbody>
              {changes.map(({ field, before: was, after: is }) => (
                <Table.Tr key={field}>
                  <Table.Td className="foreign">{field}</Table.Td>
                  <Table.Td>{was !== undefined && <JsonView value={was} label={`${t('before')}: ${field}`} />}</Table.Td>
                  <Table.Td>{is !== undefined && <JsonView value={is} label={`${t('after')}: ${field}`} />}</Table.Td>
                </Table.Tr>
              ))}
            </Table.Tbody>
          </Table>
        ) : (
          <Text c="dimmed">{t('noChanges')}</Text>
        )}
      </Stack>
    </Modal>
  )
}
