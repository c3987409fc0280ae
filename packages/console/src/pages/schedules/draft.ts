import type { ScheduleCreate, ScheduleView } from '@carillon/contract'

/** What the form holds: everything as it is typed. Moments are texts of `datetime-local`, in the browser's zone. */
export interface Draft {
  readonly code: string
  readonly targetKind: 'task' | 'dag'
  readonly target: string
  readonly name: string
  readonly description: string
  readonly labels: string
  readonly kind: ScheduleView['timing']['kind']
  readonly expression: string
  readonly timezone: string
  readonly dst: 'DEFAULT' | 'SKIP' | 'SHIFT' | 'BOTH'
  readonly seconds: string
  readonly anchorAt: string
  readonly at: string
  readonly startAt: string
  readonly endAt: string
  readonly jitter: string
  readonly priority: string
  readonly misfire: 'inherit' | 'SKIP' | 'FIRE_ONCE' | 'CATCH_UP'
  readonly maxFires: string
  readonly window: string
  readonly perMinute: string
  readonly include: readonly string[]
  readonly exclude: readonly string[]
  readonly params: unknown
}

/** `2026-11-21T20:48` in the browser's zone; empty for none. */
export function localOf(at: number | null): string {
  if (at === null) return ''
  // To the second only where there are seconds: half of all fields would show ":00".
  const text = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString()
  return at % 60_000 === 0 ? text.slice(0, 16) : text.slice(0, 19)
}

/** null: nothing typed. What is no instant is sent as it is, so that the server says so at its field. */
export function instantOf(text: string): number | null {
  return text === '' ? null : new Date(text).getTime()
}

const secondsText = (ms: number): string => String(ms / 1_000)

/** NaN becomes null in JSON: a number that is none is refused at its field. */
const msOf = (seconds: string): number => (seconds.trim() === '' ? Number.NaN : Number(seconds) * 1_000)
const wholeOf = (text: string): number => (text.trim() === '' ? Number.NaN : Number(text))

export function draftOf(schedule: ScheduleView | null, zone: string): Draft {
  const timing = schedule?.timing
  const misfire = schedule?.misfire ?? null
  const named = (mode: 'INCLUDE' | 'EXCLUDE') =>
    (schedule?.calendars ?? []).filter((each) => each.mode === mode).map(({ calendar }) => calendar.code)
  return {
    code: schedule?.code ?? '',
    targetKind: schedule?.dag ? 'dag' : 'task',
    target: schedule?.task?.code ?? schedule?.dag?.code ?? '',
    name: schedule?.name ?? '',
    description: schedule?.description ?? '',
    labels: Object.entries(schedule?.labels ?? {})
      .map(([key, value]) => `${key}=${value}`)
      .join('\n'),
    kind: timing?.kind ?? 'CRON',
    expression: timing?.kind === 'CRON' ? timing.expression : '',
    timezone: timing?.kind === 'CRON' ? timing.timezone : zone,
    dst: timing?.kind === 'CRON' ? timing.dst : 'DEFAULT',
    seconds:
      timing?.kind === 'FIXED_RATE'
        ? secondsText(timing.everyMs)
        : timing?.kind === 'FIXED_DELAY'
          ? secondsText(timing.delayMs)
          : '60',
    anchorAt: timing?.kind === 'FIXED_RATE' ? localOf(timing.anchorAt) : '',
    at: timing?.kind === 'ONCE' ? localOf(timing.at) : '',
    startAt: localOf(schedule?.startAt ?? null),
    endAt: localOf(schedule?.endAt ?? null),
    jitter: secondsText(schedule?.jitterMs ?? 0),
    priority: String(schedule?.priority ?? ''),
    misfire: misfire?.policy ?? 'inherit',
    maxFires: misfire?.policy === 'CATCH_UP' ? String(misfire.maxFires) : '100',
    window: misfire?.policy === 'CATCH_UP' ? secondsText(misfire.windowMs) : '86400',
    perMinute: misfire?.policy === 'CATCH_UP' ? String(misfire.perMinute) : '60',
    include: named('INCLUDE'),
    exclude: named('EXCLUDE'),
    params: schedule?.params ?? {},
  }
}

/** What says when it fires: of a draft to preview and of one to save. */
export function timesOf(draft: Draft) {
  return {
    timing: timingOf(draft),
    startAt: instantOf(draft.startAt),
    endAt: instantOf(draft.endAt),
    jitterMs: msOf(draft.jitter === '' ? '0' : draft.jitter),
    calendars: [
      ...draft.include.map((calendar) => ({ calendar, mode: 'INCLUDE' as const })),
      ...draft.exclude.map((calendar) => ({ calendar, mode: 'EXCLUDE' as const })),
    ],
  }
}

function timingOf(draft: Draft): ScheduleCreate['timing'] {
  switch (draft.kind) {
    case 'CRON':
      return { kind: 'CRON', expression: draft.expression, timezone: draft.timezone, dst: draft.dst }
    case 'FIXED_RATE': {
      const anchorAt = instantOf(draft.anchorAt)
      return { kind: 'FIXED_RATE', everyMs: msOf(draft.seconds), ...(anchorAt === null ? {} : { anchorAt }) }
    }
    case 'FIXED_DELAY':
      return { kind: 'FIXED_DELAY', delayMs: msOf(draft.seconds) }
    case 'ONCE':
      return { kind: 'ONCE', at: instantOf(draft.at) ?? Number.NaN }
    case 'MANUAL':
      return { kind: 'MANUAL' }
  }
}

export function misfireOf(draft: Draft): ScheduleView['misfire'] {
  if (draft.misfire === 'inherit') return null
  if (draft.misfire !== 'CATCH_UP') return { policy: draft.misfire }
  return {
    policy: 'CATCH_UP',
    maxFires: wholeOf(draft.maxFires),
    windowMs: msOf(draft.window),
    perMinute: wholeOf(draft.perMinute),
  }
}
