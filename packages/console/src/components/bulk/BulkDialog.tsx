import { Button, Group, List, Loader, Modal, Progress, Stack, Text, TextInput } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef, useState } from 'react'
import type { Page } from '../../app/live-list.ts'
import { useTexts } from '../../i18n/texts.ts'
import { ProblemAlert } from '../ErrorPanel.tsx'
import { componentTexts } from '../text.ts'
import type { BulkAction } from './BulkActions.tsx'
import { MANY, MOST_ITEMS, batchesOf, collect, planOf, type BulkPlan, type ItemAnswer } from './plan.ts'
import { bulkTexts } from './text.ts'

interface BulkDialogProps<T> {
  readonly action: BulkAction<T>
  /** null: everything that matches. */
  readonly rows: readonly T[] | null
  readonly page: (cursor: string | undefined) => Promise<Page<T>>
  readonly idOf: (row: T) => number
  readonly nameOf: (row: T) => string
  readonly onClose: () => void
}

interface Work {
  readonly total: number
  readonly answers: readonly ItemAnswer[]
  readonly running: boolean
}

/** What will happen, then how it goes, then what came of each. It is a snapshot: what matches later is not touched. */
export function BulkDialog<T>({ action, rows, page, idOf, nameOf, onClose }: BulkDialogProps<T>) {
  const t = useTexts(bulkTexts)
  const words = useTexts(componentTexts)
  const client = useQueryClient()
  const found = useFound(rows, page)
  const [typed, setTyped] = useState('')
  const [work, setWork] = useState<Work | null>(null)
  const [error, setError] = useState<unknown>(null)
  const stop = useRef(false)
  const byId = new Map((found.items ?? []).map((row) => [idOf(row), row]))
  const plan = planOf([...byId].map(([id, row]) => ({ id, name: nameOf(row), leftOut: action.leftOut(row) })))
  const count = plan.eligible.length

  const run = async (ids: readonly number[], before: readonly ItemAnswer[]) => {
    stop.current = false
    setError(null)
    let answers = before
    const total = before.length + ids.length
    setWork({ total, answers, running: true })
    try {
      for (const batch of batchesOf(ids)) {
        if (stop.current) break
        answers = [...answers, ...(await action.act(batch.map((id) => byId.get(id)!)))]
        setWork({ total, answers, running: true })
      }
    } catch (problem) {
      setError(problem)
    }
    setWork({ total, answers, running: false })
    await client.invalidateQueries()
  }
  const close = () => {
    stop.current = true
    onClose()
  }
  const refused = work?.answers.filter(({ ok }) => !ok) ?? []
  const again = () =>
    run(
      refused.map(({ id }) => id),
      work!.answers.filter(({ ok }) => ok),
    )

  return (
    <Modal
      opened
      onClose={close}
      closeOnClickOutside={false}
      title={t('title', { action: action.label })}
      size="lg"
      closeButtonProps={{ 'aria-label': words('close') }}
    >
      <Stack>
        <ProblemAlert error={error ?? found.error} />
        {found.items === null ? (
          <Group gap="xs" role="status">
            <Loader size="xs" /> {t('looking', { count: found.count })}
          </Group>
        ) : work === null ? (
          <Preview {...{ plan, action, more: found.more }} />
        ) : (
          <Outcome {...{ work, refused, nameOf: (id) => (byId.has(id) ? nameOf(byId.get(id)!) : `#${id}`) }} />
        )}
        {work === null && count >= MANY && (
          <TextInput
            label={words('typeToConfirm', { word: count })}
            value={typed}
            inputMode="numeric"
            autoComplete="off"
            onChange={({ currentTarget }) => setTyped(currentTarget.value.trim())}
          />
        )}
        <Group justify="flex-end">
          {work?.running === true ? (
            <Button variant="default" onClick={() => (stop.current = true)}>
              {t('stop')}
            </Button>
          ) : (
            <Button variant="default" onClick={close}>
              {work === null ? words('cancel') : t('close')}
            </Button>
          )}
          {work === null && count > 0 && (
            <Button
              color={action.danger ? 'red.9' : 'accent'}
              disabled={count >= MANY && typed !== String(count)}
              onClick={() =>
                void run(
                  plan.eligible.map(({ id }) => id),
                  [],
                )
              }
            >
              {t('willDo', { action: action.label, count })}
            </Button>
          )}
          {work?.running === false && refused.length > 0 && <Button onClick={() => void again()}>{t('again')}</Button>}
        </Group>
      </Stack>
    </Modal>
  )
}

const MOST_NAMED = 8

function Preview<T>({ plan, action, more }: { plan: BulkPlan; action: BulkAction<T>; more: boolean }) {
  const t = useTexts(bulkTexts)
  const { eligible, leftOut } = plan
  return (
    <>
      {eligible.length === 0 ? (
        <Text>{t('nothing', { action: action.label.toLowerCase() })}</Text>
      ) : (
        <>
          <Text fw={600}>{t('willDo', { action: action.label, count: eligible.length })}</Text>
          <Text size="sm" c="dimmed" className="foreign">
            {t('names', {
              names: eligible
                .slice(0, MOST_NAMED)
                .map(({ name }) => name)
                .join(', '),
            })}
            {eligible.length > MOST_NAMED && ' …'}
          </Text>
        </>
      )}
      {leftOut.length > 0 && (
        <List size="sm">
          {leftOut.map(([why, count]) => (
            <List.Item key={why}>{t('leftOut', { why, count })}</List.Item>
          ))}
        </List>
      )}
      {more && <Text size="sm">{t('capped', { most: MOST_ITEMS.toLocaleString('en') })}</Text>}
      <Text size="xs" c="dimmed">
        {t('frozen')}
      </Text>
    </>
  )
}

function Outcome({ work, refused, nameOf }: { work: Work; refused: readonly ItemAnswer[]; nameOf: (id: number) => string }) {
  const t = useTexts(bulkTexts)
  const { answers, total, running } = work
  const left = total - answers.length
  return (
    <>
      <Text role="status" fw={600}>
        {running ? t('doing', { done: answers.length, total }) : t('succeeded', { count: answers.length - refused.length })}
        {refused.length > 0 && ` · ${t('refused', { count: refused.length })}`}
      </Text>
      {running && <Progress value={(answers.length / total) * 100} aria-hidden />}
      {!running && left > 0 && <Text size="sm">{t('stopped', { count: left })}</Text>}
      {refused.length > 0 && (
        <List size="sm" aria-label={t('results')} mah={260} style={{ overflowY: 'auto' }}>
          {refused.slice(0, 500).map(({ id, detail }) => (
            <List.Item key={id} className="foreign">
              {nameOf(id)}: {detail}
            </List.Item>
          ))}
        </List>
      )}
    </>
  )
}

interface Found<T> {
  readonly items: readonly T[] | null
  readonly count: number
  readonly more: boolean
  readonly error: unknown
}

/** What it is about, fixed when the dialog opens. */
function useFound<T>(rows: readonly T[] | null, page: (cursor: string | undefined) => Promise<Page<T>>): Found<T> {
  const [found, setFound] = useState<Found<T>>({ items: rows, count: rows?.length ?? 0, more: false, error: null })
  useEffect(() => {
    if (rows !== null) return undefined
    let wanted = true
    const tell = (count: number) => {
      if (wanted) setFound((before) => ({ ...before, count }))
      return wanted
    }
    collect(page, MOST_ITEMS, tell)
      .then(({ items, more }) => wanted && setFound({ items, count: items.length, more, error: null }))
      .catch((error: unknown) => wanted && setFound((before) => ({ ...before, items: [], error })))
    return () => {
      wanted = false
    }
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- a snapshot of what matched as it opened.
  }, [])
  return found
}
