import type { LogLevel, LogRecord } from '@carillon/contract'
import { Button, Checkbox, Select, TextInput } from '@mantine/core'
import { useDebouncedCallback } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { ArrowDown, ArrowDownToLine, ArrowUpToLine, ChevronDown, ChevronUp, Download, Search } from 'lucide-react'
import { useEffect, useRef, useState, type KeyboardEvent } from 'react'
import { useTenant } from '../../app/session.tsx'
import { useMayAsk } from '../../app/live-state.ts'
import { usePreferences } from '../../app/preferences.ts'
import { useTexts } from '../../i18n/texts.ts'
import { Loading } from '../DataTable.tsx'
import { EmptyState } from '../EmptyState.tsx'
import { ErrorPanel, ProblemAlert } from '../ErrorPanel.tsx'
import { IconButton } from './IconButton.tsx'
import { LogLines, type LinesHandle, type Times } from './LogLines.tsx'
import classes from './LogViewer.module.css'
import { MarkedLines } from './MarkedLines.tsx'
import { parseRange, picked, rangeText } from './line-range.ts'
import { saveLog } from './save-log.ts'
import { logTexts } from './text.ts'
import { MOST_HITS, firstError, useHits, useLineStore, useLogExtent, type Hits, type LogSource } from './use-log.ts'

/** What an address says of a log: `?line=10482-10490&q=OOM&level=WARN`. */
export interface LogView {
  readonly line?: string | undefined
  readonly q?: string | undefined
  readonly level?: string | undefined
}

interface LogViewerProps {
  readonly source: LogSource
  /** Where it is opened unless the address names a line: at the end while it is written, at its first error if it failed. */
  readonly openAt: 'start' | 'end' | 'error'
  readonly view: LogView
  readonly onView: (changes: LogView) => void
  /** Of the file that is saved. */
  readonly name: string
}

const LEVELS: readonly LogLevel[] = ['DEBUG', 'INFO', 'WARN', 'ERROR']

/**
 * The log of an attempt, of any length: it lays out all lines and fetches those in sight. It follows the end only while the reader is there,
 * and never moves otherwise.
 */
export function LogViewer(props: LogViewerProps) {
  const { source } = props
  const extent = useLogExtent(source)
  const opening = useOpening(props)
  if (extent.error !== null && extent.data === undefined)
    return <ErrorPanel error={extent.error} retry={() => void extent.refetch()} />
  if (extent.data === undefined || opening === undefined) return <Loading />
  return <Viewer {...props} lastSeq={extent.data.lastSeq} cut={extent.data.cut} opening={opening} />
}

/** The line at which it opens: 0 for its end. Looked for once, before anything is shown, so that nothing jumps. */
function useOpening({ source, openAt, view }: LogViewerProps): number | undefined {
  const { api, code } = useTenant()
  const [asked] = useState(() => parseRange(view.line)?.from)
  const error = useQuery({
    queryKey: ['first-error', code, source.instance, source.attempt],
    queryFn: () => firstError(api, source),
    enabled: openAt === 'error' && asked === undefined,
    staleTime: Infinity,
  })
  const [first] = useState(openAt)
  if (asked !== undefined) return asked
  if (first !== 'error') return first === 'start' ? 1 : 0
  return error.isPending ? undefined : (error.data ?? 0)
}

interface ViewerProps extends LogViewerProps {
  readonly lastSeq: number
  readonly cut: boolean
  readonly opening: number
}

function Viewer({ source, view, onView, name, lastSeq, cut, opening }: ViewerProps) {
  const t = useTexts(logTexts)
  const { shortcuts } = usePreferences()
  const lines = useRef<LinesHandle>(null)
  const search = useRef<HTMLInputElement>(null)
  const level = LEVELS.find((each) => each === view.level)
  const q = view.q ?? ''
  const store = useLineStore(source)
  const mayAsk = useMayAsk()
  const hits = useHits(source, { q, level }, lastSeq)
  const [onlyHits, setOnlyHits] = useState(false)
  const [times, setTimes] = useState<Times>('none')
  const [following, setFollowing] = useState(opening === 0)
  const range = parseRange(view.line)
  const filtered = level !== undefined || (onlyHits && q !== '')
  const at = useRef(opening)

  const goTo = (seq: number) => {
    at.current = seq
    onView({ line: String(seq) })
    lines.current?.showLine(seq)
  }
  const step = (found: LogRecord | undefined) => found && goTo(found.seq)
  const next = () => step(hits.lines.find(({ seq }) => seq > at.current) ?? hits.lines[0])
  const previous = () => step(hits.lines.findLast(({ seq }) => seq < at.current) ?? hits.lines.at(-1))
  const errorFrom = useErrors(source, goTo, at)

  const onKeyDown = (event: KeyboardEvent) => {
    if (!shortcuts || event.ctrlKey || event.metaKey || event.altKey || event.nativeEvent.isComposing) return
    if (event.target instanceof HTMLInputElement) return
    const act = {
      '/': () => search.current?.focus(),
      n: next,
      N: previous,
      e: errorFrom,
      g: () => lines.current?.showStart(),
      G: () => lines.current?.follow(),
    }[event.key]
    if (act === undefined) return
    event.preventDefault()
    act()
  }

  return (
    // The keys work wherever the focus is inside of the log.
    <div
      className={classes['frame']}
      data-ended={source.ended || undefined}
      onKeyDown={onKeyDown}
      role="group"
      aria-label={t('log')}
    >
      <div className={classes['bar']}>
        <SearchField value={q} onChange={(text) => onView({ q: text || undefined })} field={search} />
        <HitCount hits={hits} active={q !== '' || level !== undefined} lastSeq={lastSeq} />
        {q !== '' && (
          <>
            <IconButton label={t('previous')} onClick={previous} icon={<ChevronUp size={16} aria-hidden />} />
            <IconButton label={t('next')} onClick={next} icon={<ChevronDown size={16} aria-hidden />} />
            {level === undefined && (
              <Checkbox size="xs" label={t('onlyHits')} checked={onlyHits} onChange={() => setOnlyHits(!onlyHits)} />
            )}
          </>
        )}
        <Select
          aria-label={t('level')}
          placeholder={t('allLevels')}
          data={LEVELS.map((each) => ({ value: each, label: each === 'ERROR' ? each : `${each} +` }))}
          value={level ?? null}
          onChange={(value) => onView({ level: value ?? undefined })}
          clearable
          clearButtonProps={{ 'aria-label': t('allLevels') }}
          size="xs"
          w={128}
        />
        <Select
          aria-label={t('times')}
          data={[
            { value: 'none', label: t('timesNone') },
            { value: 'time', label: t('timesTime') },
            { value: 'since', label: t('timesSince') },
          ]}
          value={times}
          onChange={(value) => setTimes((value ?? 'none') as Times)}
          allowDeselect={false}
          size="xs"
          w={124}
        />
        <span className={classes['spring']} />
        <ToLine lastSeq={lastSeq} onGo={goTo} />
        <IconButton
          label={t('toStart')}
          onClick={() => lines.current?.showStart()}
          icon={<ArrowUpToLine size={16} aria-hidden />}
        />
        {source.ended ? (
          <IconButton
            label={t('toEnd')}
            onClick={() => lines.current?.follow()}
            icon={<ArrowDownToLine size={16} aria-hidden />}
          />
        ) : (
          <Button
            size="compact-sm"
            variant={following ? 'filled' : 'default'}
            aria-pressed={following}
            leftSection={<ArrowDownToLine size={14} aria-hidden />}
            onClick={() => (following ? lines.current?.stay() : lines.current?.follow())}
          >
            {t('follow')}
          </Button>
        )}
        <SaveButton source={source} name={name} />
      </div>
      <ProblemAlert error={hits.error} />
      {/* While the server is away the page says so, and it goes on by itself. */}
      {mayAsk && store.error !== null && <ErrorPanel error={store.error} retry={() => store.again()} />}
      <div className={classes['body']}>
        {lastSeq === 0 ? (
          <EmptyState title={source.ended ? t('none') : t('noneYet')}>
            {source.ended ? t('noneHint') : t('noneYetHint')}
          </EmptyState>
        ) : filtered && hits.lines.length === 0 && hits.state === 'done' ? (
          <EmptyState title={t('nothingFound')}>{t('nothingFoundHint')}</EmptyState>
        ) : (
          <LogLines
            ref={lines}
            {...{ store, lastSeq, q, times, range, following }}
            only={filtered ? hits.lines : null}
            opening={opening}
            onFollowing={setFollowing}
            onPick={(seq, extend) => {
              at.current = seq
              onView({ line: rangeText(picked(seq, range, extend)) })
            }}
          />
        )}
        {!following && !source.ended && <NewLines lastSeq={lastSeq} onShow={() => lines.current?.follow()} />}
      </div>
      {cut && (
        <div className={classes['bar']}>
          <span className={classes['count']}>{t('cut')}</span>
        </div>
      )}
      {range !== null && <MarkedLines range={range} source={source} onClose={() => onView({ line: undefined })} />}
    </div>
  )
}

/** The next error after where the reader is, or the first one again. */
function useErrors(source: LogSource, goTo: (seq: number) => void, at: { readonly current: number }): () => void {
  const { api } = useTenant()
  return () =>
    void firstError(api, source, at.current)
      .then((seq) => seq ?? firstError(api, source))
      .then((seq) => seq !== null && goTo(seq))
}

function SearchField({
  value,
  onChange,
  field,
}: {
  value: string
  onChange: (text: string) => void
  field: React.Ref<HTMLInputElement>
}) {
  const t = useTexts(logTexts)
  const [text, setText] = useState(value)
  useEffect(() => setText(value), [value])
  const tell = useDebouncedCallback(onChange, 300)
  return (
    <TextInput
      ref={field}
      type="search"
      size="xs"
      w={200}
      aria-label={t('search')}
      placeholder={t('search')}
      title={t('keys')}
      maxLength={200}
      leftSection={<Search size={14} aria-hidden />}
      value={text}
      onChange={({ currentTarget }) => {
        setText(currentTarget.value)
        tell(currentTarget.value)
      }}
    />
  )
}

function HitCount({ hits, active, lastSeq }: { hits: Hits; active: boolean; lastSeq: number }) {
  const t = useTexts(logTexts)
  if (!active) return null
  const count = hits.lines.length
  const words =
    hits.state === 'full'
      ? t('firstHits', { count: MOST_HITS.toLocaleString('en') })
      : count === 0 && hits.state === 'done'
        ? t('noHits')
        : t('hits', { count })
  const searching = hits.state === 'searching' ? ` · ${t('searching', { line: hits.upTo, last: lastSeq })}` : ''
  return (
    <span className={classes['count']} role="status">
      {words}
      {searching}
    </span>
  )
}

function ToLine({ lastSeq, onGo }: { lastSeq: number; onGo: (seq: number) => void }) {
  const t = useTexts(logTexts)
  const [text, setText] = useState('')
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault()
        const seq = Number(text.replace(/[^0-9]/g, ''))
        if (seq >= 1) onGo(Math.min(seq, lastSeq))
      }}
    >
      <TextInput
        size="xs"
        w={88}
        inputMode="numeric"
        aria-label={t('toLine')}
        placeholder={t('toLine')}
        value={text}
        onChange={({ currentTarget }) => setText(currentTarget.value)}
      />
    </form>
  )
}

function NewLines({ lastSeq, onShow }: { lastSeq: number; onShow: () => void }) {
  const t = useTexts(logTexts)
  const [since] = useState(lastSeq)
  if (lastSeq <= since) return null
  return (
    <Button
      className={classes['below'] ?? ''}
      size="compact-sm"
      radius="xl"
      leftSection={<ArrowDown size={14} aria-hidden />}
      onClick={onShow}
    >
      {t('newLines', { count: lastSeq - since })}
    </Button>
  )
}

function SaveButton({ source, name }: { source: LogSource; name: string }) {
  const t = useTexts(logTexts)
  const { api } = useTenant()
  const [saving, setSaving] = useState(false)
  const [error, setError] = useState<unknown>(null)
  const save = async () => {
    setSaving(true)
    setError(null)
    await saveLog(api, source, name).catch(setError)
    setSaving(false)
  }
  return (
    <>
      <IconButton label={t('download')} onClick={() => void save()} loading={saving} icon={<Download size={16} aria-hidden />} />
      <ProblemAlert error={error} />
    </>
  )
}
