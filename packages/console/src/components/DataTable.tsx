import { Button, Center, Checkbox, Loader } from '@mantine/core'
import { useWindowVirtualizer } from '@tanstack/react-virtual'
import { memo, useDeferredValue, useEffect, useMemo, useRef, useState, type ReactNode } from 'react'
import type { List } from '../app/live-list.ts'
import { useMayAsk } from '../app/live-state.ts'
import { useTexts } from '../i18n/texts.ts'
import classes from './DataTable.module.css'
import { ErrorPanel } from './ErrorPanel.tsx'
import { componentTexts } from './text.ts'

export interface Column<T> {
  readonly id: string
  readonly header: string
  readonly cell: (row: T) => ReactNode
  /** Any CSS width. */
  readonly width?: string
  readonly align?: 'right'
  /** Left out on screens narrower than a tablet; the row's page has it. */
  readonly wide?: true
}

interface DataTableProps<T> {
  /** What the table is, for screen readers. */
  readonly label: string
  readonly list: Pick<List<T>, 'rows' | 'pending' | 'error' | 'retry'> & Partial<List<T>>
  readonly idOf: (row: T) => number | string
  /** The first holds the row's name, as a link to its page. On a phone each row is a card. */
  readonly columns: readonly Column<T>[]
  /** Shown when there are no rows: an `EmptyState`. */
  readonly empty: ReactNode
  readonly selection?: Selection<T>
}

export interface Selection<T> {
  readonly ids: ReadonlySet<number | string>
  readonly set: (ids: ReadonlySet<number | string>) => void
  readonly nameOf: (row: T) => string
}

/** Until one has been measured. */
const ROW_HEIGHT = 37

/** Rows of a keyset-paged list. It loads on as it is scrolled, and keeps only the rows around the window in the document. */
export function DataTable<T>({ label, list, idOf, columns, empty, selection }: DataTableProps<T>) {
  const t = useTexts(componentTexts)
  const { rows, fresh = 0, gone = 0 } = list
  if (list.error !== null && rows.length === 0) return <ErrorPanel error={list.error} retry={list.retry} />
  if (list.pending) return <Loading />
  if (rows.length === 0) return empty
  return (
    <>
      {fresh + gone > 0 && (
        <Center className={classes['fresh']}>
          <Button size="compact-sm" radius="xl" onClick={list.showFresh}>
            ▲ {gone > 0 ? t('changed', { count: fresh + gone }) : t('fresh', { count: fresh })}
          </Button>
        </Center>
      )}
      <Rows {...{ label, list, idOf, columns, empty, ...(selection ? { selection } : {}) }} />
      {list.hasMore && (
        <Center py="sm">
          <Button variant="default" loading={list.loadingMore ?? false} onClick={list.loadMore}>
            {t('loadMore')}
          </Button>
        </Center>
      )}
    </>
  )
}

/** Nothing for a moment: what comes at once must not flicker. */
export function Loading() {
  const t = useTexts(componentTexts)
  const [late, setLate] = useState(false)
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), 150)
    return () => clearTimeout(timer)
  }, [])
  return <Center py={48}>{late && <Loader size="sm" role="status" aria-label={t('loading')} />}</Center>
}

/**
 * What comes by itself is drawn piece by piece when there is time for it, so that a list that never rests holds up neither hands nor page. What is
 * selected is shown at once.
 */
function Rows<T>(props: DataTableProps<T>) {
  const settled = useDeferredValue(props)
  const shown = settled.selection?.ids === props.selection?.ids ? settled : props
  return useMemo(() => <Table {...shown} />, [shown])
}

function Table<T>({ label, list, idOf, columns, selection }: DataTableProps<T>) {
  const t = useTexts(componentTexts)
  const { rows } = list
  const mayAsk = useMayAsk()
  const body = useRef<HTMLTableSectionElement>(null)
  // Rows are mostly as high as each other: one that is as high as expected need not be laid out again, nor remembered when it has gone.
  const height = useRef(ROW_HEIGHT)
  const virtual = useWindowVirtualizer({
    count: rows.length,
    estimateSize: () => height.current,
    overscan: 12,
    scrollMargin: body.current?.offsetTop ?? 0,
    getItemKey: (index) => idOf(rows[index]!),
  })
  const items = virtual.getVirtualItems()
  const last = items.at(-1)?.index ?? 0
  useEffect(() => {
    // What failed is asked again by hand, or when the server is back.
    if (mayAsk && list.hasMore && list.error === null && last >= rows.length - 10) list.loadMore?.()
  })
  useEffect(() => {
    height.current = body.current?.querySelector<HTMLElement>('tr[data-index]')?.offsetHeight || ROW_HEIGHT
  })
  const above = (items[0]?.start ?? 0) - virtual.options.scrollMargin
  const below = virtual.getTotalSize() - ((items.at(-1)?.end ?? 0) - virtual.options.scrollMargin)
  const span = columns.length + (selection ? 1 : 0)
  const all = selection !== undefined && rows.every((row) => selection.ids.has(idOf(row)))
  return (
    <table className={classes['table']} aria-label={label} aria-rowcount={list.hasMore ? -1 : rows.length + 1}>
      <thead>
        <tr>
          {selection && (
            <th className={classes['select']}>
              <Checkbox
                size="xs"
                aria-label={t('selectAll')}
                checked={all}
                indeterminate={!all && selection.ids.size > 0}
                onChange={() => selection.set(all ? new Set() : new Set(rows.map(idOf)))}
              />
            </th>
          )}
          {columns.map(({ id, header, width, align, wide }) => (
            <th key={id} scope="col" style={{ width, textAlign: align }} data-wide={wide}>
              {header}
            </th>
          ))}
        </tr>
      </thead>
      <tbody ref={body}>
        {above > 0 && <Spacer span={span} height={above} />}
        {items.map(({ index, key }) => (
          <Row<T>
            key={key as string}
            row={rows[index]!}
            measure={virtual.measureElement}
            {...{ index, idOf, columns, selection }}
          />
        ))}
        {below > 0 && <Spacer span={span} height={below} />}
      </tbody>
    </table>
  )
}

interface RowProps<T> extends Pick<DataTableProps<T>, 'idOf' | 'columns'> {
  readonly row: T
  readonly index: number
  readonly selection: Selection<T> | undefined
  readonly measure: (element: Element | null) => void
}

/** Not drawn again while the window is scrolled, nor when its height is found. */
const Row = memo(DrawnRow) as typeof DrawnRow

function DrawnRow<T>({ row, index, idOf, columns, selection, measure }: RowProps<T>) {
  const t = useTexts(componentTexts)
  return (
    <tr ref={measure} data-index={index} aria-rowindex={index + 2}>
      {selection && (
        <td className={classes['select']}>
          <Checkbox
            size="xs"
            aria-label={t('selectRow', { name: selection.nameOf(row) })}
            checked={selection.ids.has(idOf(row))}
            onChange={() => selection.set(toggled(selection.ids, idOf(row)))}
          />
        </td>
      )}
      {columns.map(({ id, header, cell, align, wide }) => (
        <td key={id} style={{ textAlign: align }} data-label={header} data-wide={wide}>
          {cell(row)}
        </td>
      ))}
    </tr>
  )
}

function Spacer({ span, height }: { span: number; height: number }) {
  return (
    <tr aria-hidden className={classes['spacer']}>
      <td colSpan={span} style={{ height }} />
    </tr>
  )
}

function toggled(ids: ReadonlySet<number | string>, id: number | string): ReadonlySet<number | string> {
  const next = new Set(ids)
  if (!next.delete(id)) next.add(id)
  return next
}
