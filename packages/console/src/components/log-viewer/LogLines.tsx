import type { LogRecord } from '@carillon/contract'
import { CornerDownLeft } from 'lucide-react'
import { useCallback, useEffect, useImperativeHandle, useLayoutEffect, useRef, useState, type MouseEvent, type Ref } from 'react'
import { useMayAsk } from '../../app/live-state.ts'
import { usePreferences } from '../../app/preferences.ts'
import { useTexts } from '../../i18n/texts.ts'
import { durationText, zoneName } from '../moments.ts'
import { useHeight } from '../use-height.ts'
import { heightOf, isAtEnd, offsetAt, offsetOfRow, rowsInSight, scrollTopFor } from './geometry.ts'
import { copiedText } from './copied-text.ts'
import { isIn, type LineRange } from './line-range.ts'
import type { LineStore } from './line-store.ts'
import classes from './LogViewer.module.css'
import { MOST_SHOWN, segmentsOf, type Segment } from './segments.ts'
import { logTexts } from './text.ts'

/** Beside the lines: no times, the time of day, or since the first line. */
export type Times = 'none' | 'time' | 'since'

export interface LinesHandle {
  showLine(seq: number): void
  showStart(): void
  /** To the end, and on with it as it grows. */
  follow(): void
  /** Here, whatever comes. */
  stay(): void
}

interface LogLinesProps {
  readonly ref: Ref<LinesHandle>
  readonly store: LineStore
  readonly lastSeq: number
  /** These lines alone; null: all. */
  readonly only: readonly LogRecord[] | null
  readonly q: string
  readonly times: Times
  readonly range: LineRange | null
  /** Line at which it opens; 0: the end. */
  readonly opening: number
  readonly following: boolean
  readonly onFollowing: (following: boolean) => void
  readonly onPick: (seq: number, extend: boolean) => void
}

/** The lines that are in sight. What is scrolled is as high as all of them, so the scroll bar says where one is. */
export function LogLines({ ref, store, lastSeq, only, q, times, range, opening, following, onFollowing, onPick }: LogLinesProps) {
  const t = useTexts(logTexts)
  const box = useRef<HTMLDivElement>(null)
  const rows = only?.length ?? lastSeq
  const view = useHeight(box)
  const [scrollTop, setScrollTop] = useState(0)
  const scene = { rows, view }
  /** Where the reader is, in the log's own pixels: it holds while the log grows. */
  const offset = useRef(0)
  const opened = useRef(false)

  const scrollTo = useCallback(
    (wanted: number) => {
      const top = scrollTopFor(wanted, { rows, view })
      offset.current = wanted
      if (box.current) box.current.scrollTop = top
      setScrollTop(top)
    },
    [rows, view],
  )
  const rowOf = (seq: number) => {
    if (only === null) return seq - 1
    const place = only.findIndex((line) => line.seq >= seq)
    return place < 0 ? only.length - 1 : place
  }

  useLayoutEffect(() => {
    if (view === 0) return
    if (!opened.current) {
      opened.current = true
      scrollTo(opening === 0 ? Infinity : offsetOfRow(rowOf(opening), { view }))
    } else if (following) scrollTo(Infinity)
    // Only where a pixel stands for several does a longer log lie elsewhere under the same one.
    else if (Math.abs(scrollTopFor(offset.current, scene) - (box.current?.scrollTop ?? 0)) > 1) scrollTo(offset.current)
    // oxlint-disable-next-line react-hooks/exhaustive-deps -- by what moves lines alone.
  }, [rows, view, following])

  useFrozenWhileSelecting(box, () => onFollowing(false))

  const showLine = (seq: number) => {
    onFollowing(false)
    scrollTo(offsetOfRow(rowOf(seq), { view }))
  }
  useImperativeHandle(ref, () => ({
    showLine,
    showStart: () => showLine(1),
    follow: () => {
      onFollowing(true)
      scrollTo(Infinity)
    },
    stay: () => onFollowing(false),
  }))

  const inSight = rowsInSight(scrollTop, scene)
  const mayAsk = useMayAsk()
  useLayoutEffect(() => {
    if (mayAsk) store.again()
  }, [mayAsk, store])
  useEffect(() => {
    if (mayAsk && only === null && view > 0) store.want(inSight.first + 1, inSight.end, lastSeq)
  })
  const lines = Array.from({ length: Math.max(0, inSight.end - inSight.first) }, (_, place) => {
    const row = inSight.first + place
    return only === null ? { seq: row + 1, line: store.line(row + 1) } : { seq: only[row]!.seq, line: only[row]! }
  })
  const since = useStart(store, mayAsk && times === 'since')

  return (
    <div
      ref={box}
      className={classes['lines']}
      style={{ flexBasis: heightOf({ rows }) + 24 }}
      role="log"
      aria-label={t('log')}
      aria-live="off"
      // A log is read by scrolling it, also with the keys.
      tabIndex={0}
      onCopy={(event) => {
        const text = copiedText(document.getSelection())
        if (text === null) return
        event.clipboardData.setData('text/plain', text)
        event.preventDefault()
      }}
      onScroll={({ currentTarget }) => {
        const top = currentTarget.scrollTop
        if (top === scrollTop) return
        offset.current = offsetAt(top, scene)
        setScrollTop(top)
        const atEnd = isAtEnd(top, scene)
        if (atEnd !== following) onFollowing(atEnd)
      }}
    >
      <div className={classes['space']} style={{ height: heightOf({ rows }) }}>
        <div className={classes['window']} style={{ top: inSight.top }}>
          {lines.map(({ seq, line }) => (
            <Row key={seq} {...{ seq, line, q, times, since, onPick }} marked={isIn(range, seq)} />
          ))}
        </div>
      </div>
    </div>
  )
}

interface RowProps {
  readonly seq: number
  readonly line: LogRecord | null | undefined
  readonly q: string
  readonly times: Times
  readonly since: number | null
  readonly marked: boolean
  readonly onPick: (seq: number, extend: boolean) => void
}

function Row({ seq, line, q, times, since, marked, onPick }: RowProps) {
  const t = useTexts(logTexts)
  const { zone } = usePreferences()
  const pick = (event: MouseEvent) => {
    event.preventDefault()
    onPick(seq, event.shiftKey)
  }
  return (
    <div className={classes['row']} data-line={seq} data-level={line?.level} data-marked={marked || undefined}>
      {/* Forty of them would stand in the way of the Tab key; the field for a line's number does the same by keyboard. */}
      <a className={classes['number']} href={`#L${seq}`} tabIndex={-1} onClick={pick} aria-label={t('lineOf', { seq })}>
        {seq}
      </a>
      {line && times !== 'none' && (
        <span className={classes['time']}>
          {times === 'since'
            ? `+${durationText(line.at - (since ?? line.at))}`
            : clockText(line.at, zone === 'UTC' ? 'UTC' : zoneName('local'))}
        </span>
      )}
      {line && (
        <span className={classes['level']} data-level={line.level}>
          {line.level}
        </span>
      )}
      {line === undefined ? (
        <span className={`${classes['text']} ${classes['missing']}`}>{t('notKept')}</span>
      ) : (
        <span className={classes['text']} data-text>
          {line !== null &&
            segmentsOf(line.text.slice(0, MOST_SHOWN), q).map((segment, place) => (
              // oxlint-disable-next-line react/no-array-index-key -- the pieces of one text have no other name.
              <Piece key={place} {...{ segment, seq, pick }} />
            ))}
          {line && line.text.length > MOST_SHOWN && ' …'}
        </span>
      )}
    </div>
  )
}

interface PieceProps {
  readonly segment: Segment
  readonly seq: number
  readonly pick: (event: MouseEvent) => void
}

/** The mark of a line break leads to the whole line, as its number does. The break itself stays in the text, for who copies it. */
function Piece({ segment: { text, classes: colours, hit, breaks }, seq, pick }: PieceProps) {
  const t = useTexts(logTexts)
  if (breaks)
    return (
      <a
        className={classes['break']}
        data-break
        href={`#L${seq}`}
        tabIndex={-1}
        draggable={false}
        onClick={pick}
        title={t('whole')}
        aria-label={t('whole')}
      >
        <CornerDownLeft size={12} aria-hidden />
        {text}
      </a>
    )
  return <span className={hit ? `${colours} ${classes['hit']}` : colours}>{text}</span>
}

const clocks = new Map<string, Intl.DateTimeFormat>()

/** `14:02:11.042`; the zone is the one of the page's header, and the line's own panel names it. */
function clockText(at: number, timeZone: string): string {
  const clock =
    clocks.get(timeZone) ??
    new Intl.DateTimeFormat('en', {
      timeZone,
      hour: '2-digit',
      minute: '2-digit',
      second: '2-digit',
      fractionalSecondDigits: 3,
      hourCycle: 'h23',
    })
  clocks.set(timeZone, clock)
  return clock.format(at)
}

/** When the first line was written, from which the others are counted. */
function useStart(store: LineStore, wanted: boolean): number | null {
  const [start, setStart] = useState<number | null>(null)
  useEffect(() => {
    if (!wanted || start !== null) return
    const first = store.line(1)
    if (first) setStart(first.at)
    else store.want(1, 1, 1)
  })
  return start
}

/** What is being selected must not run away under the pointer. */
function useFrozenWhileSelecting(box: { readonly current: HTMLElement | null }, freeze: () => void): void {
  const act = useRef(freeze)
  act.current = freeze
  useEffect(() => {
    const listen = () => {
      const selection = document.getSelection()
      if (selection && !selection.isCollapsed && box.current?.contains(selection.anchorNode)) act.current()
    }
    document.addEventListener('selectionchange', listen)
    return () => document.removeEventListener('selectionchange', listen)
  }, [box])
}
