import { Button, Group, Text } from '@mantine/core'
import { useState } from 'react'
import type { Page } from '../../app/live-list.ts'
import { useTexts } from '../../i18n/texts.ts'
import { BulkDialog } from './BulkDialog.tsx'
import type { ItemAnswer, Part, ServerPreview } from './plan.ts'
import { bulkTexts } from './text.ts'

export interface BulkAction<T> {
  readonly key: string
  readonly label: string
  readonly danger?: boolean
  /** Why it cannot be done with a row; null: it can, as far as is known here. The server answers each all the same. */
  readonly leftOut: (row: T) => string | null
  /** What is asked before; the answer is given to those who act. */
  readonly asks?: Question
  /** For some of them at once. Each is answered. */
  readonly act: (ids: readonly number[], answer: string) => Promise<readonly ItemAnswer[]>
  /** Left out: those that match are collected here, page by page. */
  readonly matching?: Matching<T>
}

/** A reason, which may be empty; or one of several, at first the first of them. */
export type Question =
  | { readonly kind: 'reason' }
  | {
      readonly kind: 'choice'
      readonly label: string
      readonly options: readonly { readonly value: string; readonly label: string }[]
    }

/** The server finds all that match by itself. */
export interface Matching<T> {
  readonly preview: () => Promise<ServerPreview<T>>
  /** Why something in a state is left out. */
  readonly why: (state: string) => string
  readonly act: (upTo: number, cursor: string | undefined, answer: string) => Promise<Part>
}

interface BulkActionsProps<T> {
  readonly selected: readonly T[]
  readonly onClear: () => void
  readonly actions: readonly BulkAction<T>[]
  readonly idOf: (row: T) => number
  readonly nameOf: (row: T) => string
  /** Pages of everything that matches the filters, as large as the API gives them. */
  readonly page: (cursor: string | undefined) => Promise<Page<T>>
  /** There are rows. */
  readonly any: boolean
}

/** What can be done with rows of a list: with the selected ones, or with all that match the filters, loaded or not. */
export function BulkActions<T>({ selected, onClear, actions, any, ...rest }: BulkActionsProps<T>) {
  const t = useTexts(bulkTexts)
  const [all, setAll] = useState(false)
  const [asked, ask] = useState<BulkAction<T> | null>(null)
  // A dialog at work stays, though what it does may leave no row in the list.
  if (asked === null && (!any || actions.length === 0)) return null
  const active = all || selected.length > 0
  const words = all ? t('allMatching') : t('selected', { count: selected.length })
  const clear = () => {
    setAll(false)
    onClear()
  }
  return (
    <>
      <Group mb="sm" gap="xs" role="group" aria-label={words}>
        {active ? (
          <>
            <Text fw={600} size="sm" role="status">
              {words}
            </Text>
            {actions.map((action) => (
              <Button key={action.key} size="compact-sm" variant="default" onClick={() => ask(action)}>
                {action.label}
              </Button>
            ))}
            {!all && (
              <Button size="compact-sm" variant="subtle" onClick={() => setAll(true)}>
                {t('selectAllMatching')}
              </Button>
            )}
            <Button size="compact-sm" variant="subtle" onClick={clear}>
              {t('clear')}
            </Button>
          </>
        ) : (
          <Button size="compact-sm" variant="subtle" onClick={() => setAll(true)}>
            {t('selectAllMatching')}
          </Button>
        )}
      </Group>
      {asked !== null && (
        <BulkDialog
          action={asked}
          rows={all ? null : selected}
          onClose={(allDone) => {
            ask(null)
            if (allDone) clear()
          }}
          {...rest}
        />
      )}
    </>
  )
}
