import { Button, Collapse, Group, Paper, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useQueryClient, type QueryKey } from '@tanstack/react-query'
import { useState } from 'react'
import { useLiveList, type Page } from '../app/live-list.ts'
import { BY_PEOPLE_MS } from '../app/live.ts'
import { given } from '../app/search.ts'
import { defineTexts, useTexts } from '../i18n/texts.ts'
import { ConfirmDialog } from './ConfirmDialog.tsx'
import { Loading } from './DataTable.tsx'
import { ErrorPanel } from './ErrorPanel.tsx'
import { JsonView } from './JsonView.tsx'
import { useOperationWords } from './operations.ts'
import { componentTexts } from './text.ts'
import { Time } from './Time.tsx'

interface Revision {
  readonly version: number
  readonly at: number
  readonly principal: string
  readonly operation: string
  readonly body: Readonly<Record<string, unknown>>
}

const texts = defineTexts('revisions', {
  en: {
    by: 'by {{principal}}',
    version: 'Version {{version}}',
    show: 'Show',
    hide: 'Hide',
    body: 'As it was in version {{version}}',
    newest: 'newest',
    restore: 'Restore',
    restoreTitle: 'Make version {{version}} the newest again?',
    restoreHint: 'A new version is written that is as this one was. Nothing of the history is lost.',
  },
  zh: {
    by: '操作者 {{principal}}',
    version: '版本 {{version}}',
    show: '查看',
    hide: '收起',
    body: '版本 {{version}} 的内容',
    newest: '最新',
    restore: '恢复',
    restoreTitle: '将版本 {{version}} 恢复为最新?',
    restoreHint: '会写入一个与该版本相同的新版本,历史不会丢失。',
  },
})

interface RevisionsProps {
  /** Of the object: it is read again after a restore. */
  readonly queryKey: QueryKey
  readonly list: (query: { readonly cursor?: string }) => Promise<Page<Revision>>
  readonly restore: (revision: number) => Promise<unknown>
  readonly mayRestore: boolean
}

/** Who changed a configuration object when, as what it was then, newest first. */
export function Revisions({ queryKey, list, restore, mayRestore }: RevisionsProps) {
  const t = useTexts(texts)
  const c = useTexts(componentTexts)
  const client = useQueryClient()
  const [restoring, setRestoring] = useState<number | null>(null)
  const revisions = useLiveList<Revision>(null, {
    queryKey: [...queryKey, 'revisions'],
    page: (cursor) => list(given({ cursor })),
    idOf: ({ version }) => version,
    everyMs: BY_PEOPLE_MS,
  })
  if (revisions.error !== null) return <ErrorPanel error={revisions.error} retry={revisions.retry} />
  if (revisions.pending) return <Loading />
  return (
    <Stack gap="xs" maw={900}>
      {revisions.rows.map((revision, index) => (
        <One
          key={revision.version}
          revision={revision}
          newest={index === 0}
          {...(mayRestore && index > 0 ? { onRestore: () => setRestoring(revision.version) } : {})}
        />
      ))}
      {revisions.hasMore && (
        <Button variant="default" onClick={revisions.loadMore} loading={revisions.loadingMore}>
          {c('loadMore')}
        </Button>
      )}
      <ConfirmDialog
        opened={restoring !== null}
        onClose={() => setRestoring(null)}
        title={t('restoreTitle', { version: restoring })}
        confirm={t('restore')}
        onConfirm={async () => {
          await restore(restoring!)
          await client.invalidateQueries({ queryKey })
        }}
      >
        {t('restoreHint')}
      </ConfirmDialog>
    </Stack>
  )
}

function One({ revision, newest, onRestore }: { revision: Revision; newest: boolean; onRestore?: () => void }) {
  const t = useTexts(texts)
  const { operationWord } = useOperationWords()
  const [opened, { toggle }] = useDisclosure()
  const { version, at, principal, operation, body } = revision
  return (
    <Paper withBorder p="xs" style={{ borderColor: 'var(--hairline)' }}>
      <Group justify="space-between">
        <Group gap="sm">
          <Text fw={600}>
            {t('version', { version })}
            {newest ? ` (${t('newest')})` : ''}
          </Text>
          <Time at={at} />
          <Text c="dimmed" className="foreign">
            {operationWord(operation)} · {t('by', { principal })}
          </Text>
        </Group>
        <Group gap="xs">
          {onRestore && (
            <Button
              size="compact-sm"
              variant="default"
              onClick={onRestore}
              aria-label={`${t('restore')}: ${t('version', { version })}`}
            >
              {t('restore')}
            </Button>
          )}
          <Button
            size="compact-sm"
            variant="default"
            onClick={toggle}
            aria-expanded={opened}
            aria-label={`${t(opened ? 'hide' : 'show')}: ${t('version', { version })}`}
          >
            {t(opened ? 'hide' : 'show')}
          </Button>
        </Group>
      </Group>
      <Collapse expanded={opened} transitionDuration={0}>
        {opened && (
          <div style={{ marginTop: 8 }}>
            <JsonView value={body} label={t('body', { version })} />
          </div>
        )}
      </Collapse>
    </Paper>
  )
}
