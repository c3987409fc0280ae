import type { ScheduleDays } from '@carillon/contract'
import { ActionIcon, Anchor, Button, Group, Stack, Table, Text, UnstyledButton, VisuallyHidden } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link, getRouteApi } from '@tanstack/react-router'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { usePreferences } from '../../app/preferences.ts'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { Loading } from '../../components/DataTable.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { zoneName } from '../../components/moments.ts'
import { Time } from '../../components/Time.tsx'
import { useLanguage, useTexts } from '../../i18n/texts.ts'
import classes from './CalendarView.module.css'
import { dayIn, dayWords, knownDay, knownMonth, monthFrom, monthOf, weeksOf } from './month.ts'
import { schedulesTexts } from './text.ts'

const route = getRouteApi('/t/$tenant/schedules')

type Day = ScheduleDays['days'][number]
type Item = Day['items'][number]

/** Which schedules fire on which day of a month, in the reader's zone; a day that is chosen says all of it. Month and day stand in the address. */
export function CalendarView() {
  const search = route.useSearch()
  const { zone } = usePreferences()
  const timezone = zoneName(zone)
  const today = dayIn(timezone, Date.now())
  const day = search.day === undefined ? undefined : knownDay(search.day, today)
  const month = knownMonth(search.month, monthOf(day ?? today))
  return (
    <Stack>
      <MonthBar month={month} today={today} timezone={timezone} />
      <MonthDays {...{ month, today, timezone, day }} />
    </Stack>
  )
}

interface MonthDaysProps {
  readonly month: string
  readonly today: string
  readonly timezone: string
  /** The one that is chosen. */
  readonly day: string | undefined
}

function MonthDays({ month, today, timezone, day }: MonthDaysProps) {
  const t = useTexts(schedulesTexts)
  const { api, code } = useTenant()
  const weeks = weeksOf(month)
  const query = { from: weeks[0]![0]!, days: weeks.length * 7, timezone }
  const found = useQuery({
    queryKey: ['schedules', code, 'days', query],
    queryFn: ({ signal }) => api.scheduleLoad.days({ query }, { signal }),
    staleTime: 60_000,
    placeholderData: (previous) => previous,
  })
  if (found.error !== null && found.data === undefined)
    return <ErrorPanel error={found.error} retry={() => void found.refetch()} />
  if (found.data === undefined) return <Loading />
  const days = new Map(found.data.days.map((each) => [each.day, each]))
  const chosen = day === undefined ? undefined : days.get(day)
  return (
    <>
      <Text c="dimmed" size="sm">
        {t('calendarHint')} {found.data.more ? t('loadMore') : ''}
      </Text>
      <Month weeks={weeks} month={month} days={days} today={today} chosen={day} />
      {chosen === undefined ? <Text c="dimmed">{t('chooseDay')}</Text> : <DayList day={chosen} past={chosen.day < today} />}
    </>
  )
}

/** The present month needs not be said. */
const inAddress = (month: string, today: string) => (month === monthOf(today) ? undefined : month)

function MonthBar({ month, today, timezone }: { month: string; today: string; timezone: string }) {
  const t = useTexts(schedulesTexts)
  const language = useLanguage()
  const setSearch = useSetSearch()
  const go = (to: string) => setSearch({ month: inAddress(to, today), day: undefined }, 'push')
  return (
    <Group justify="space-between">
      <Group gap="xs" wrap="nowrap">
        <ActionIcon variant="default" size={32} aria-label={t('monthBefore')} onClick={() => go(monthFrom(month, -1))}>
          <ChevronLeft size={16} aria-hidden />
        </ActionIcon>
        <Text component="h2" fw={600} ta="center" miw={140} aria-live="polite">
          {dayWords(`${month}-01`, language, { month: 'long', year: 'numeric' })}
        </Text>
        <ActionIcon variant="default" size={32} aria-label={t('monthAfter')} onClick={() => go(monthFrom(month, 1))}>
          <ChevronRight size={16} aria-hidden />
        </ActionIcon>
        <Button variant="default" size="compact-md" onClick={() => setSearch({ month: undefined, day: today }, 'push')}>
          {t('today')}
        </Button>
      </Group>
      <Text c="dimmed" size="sm">
        {t('daysIn', { zone: timezone })}
      </Text>
    </Group>
  )
}

interface MonthProps {
  readonly weeks: readonly (readonly string[])[]
  readonly month: string
  readonly days: ReadonlyMap<string, Day>
  readonly today: string
  readonly chosen: string | undefined
}

function Month({ weeks, month, days, today, chosen }: MonthProps) {
  const language = useLanguage()
  return (
    <table className={classes['month']} aria-label={dayWords(`${month}-01`, language, { month: 'long', year: 'numeric' })}>
      <thead>
        <tr>
          {weeks[0]!.map((day) => (
            <th key={day} scope="col">
              {dayWords(day, language, { weekday: 'short' })}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {weeks.map((week) => (
          <tr key={week[0]}>
            {week.map((day) => (
              <td key={day} className={chosen === day ? classes['chosen'] : undefined}>
                <Cell text={day} day={days.get(day)} elsewhere={monthOf(day) !== month} today={today} chosen={chosen === day} />
              </td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  )
}

/** Named in a day's box; the rest is a number. */
const NAMED = 3

interface CellProps {
  readonly text: string
  /** undefined: a day that the zone has left out, or not yet here. */
  readonly day: Day | undefined
  readonly elsewhere: boolean
  readonly today: string
  readonly chosen: boolean
}

function Cell({ text, day, elsewhere, today, chosen }: CellProps) {
  const t = useTexts(schedulesTexts)
  const language = useLanguage()
  const setSearch = useSetSearch()
  const behind = text < today
  const items = day?.items ?? []
  const words = dayWords(text, language, { day: 'numeric', month: 'long' })
  const rest = (day?.schedules ?? 0) - Math.min(items.length, NAMED)
  const kinds = [elsewhere && 'elsewhere', behind && 'behind', text === today && 'today'].flatMap((kind) =>
    kind === false ? [] : [classes[kind]],
  )
  return (
    <UnstyledButton
      className={[classes['day'], ...kinds].join(' ')}
      aria-pressed={chosen}
      aria-current={text === today ? 'date' : undefined}
      onClick={() => setSearch({ day: chosen ? undefined : text, month: inAddress(monthOf(text), today) })}
    >
      <VisuallyHidden>
        {behind ? words : t('dayLabel', { day: words, fires: countOf(day), schedules: day?.schedules ?? 0 })}
      </VisuallyHidden>
      <span className={classes['number']} aria-hidden>
        {Number(text.slice(8))}
      </span>
      {items.slice(0, NAMED).map((item) => (
        <span key={item.id} className={classes['line']}>
          <span className={item.fires === 0 ? `${classes['excluded']} foreign` : 'foreign'}>{item.code}</span>
          {item.fires > 1 && <span>{firesOf(item)}×</span>}
        </span>
      ))}
      {rest > 0 && <span className={classes['rest']}>{t('moreOfDay', { count: rest })}</span>}
      {(day?.fires ?? 0) > 0 && (
        <span className={classes['count']} aria-hidden>
          {countOf(day)}
        </span>
      )}
    </UnstyledButton>
  )
}

/** `288+` where it fires more often than is counted. */
const firesOf = ({ fires, atLeast }: Pick<Item, 'fires' | 'atLeast'>): string => `${fires}${atLeast ? '+' : ''}`
const countOf = (day: Day | undefined): string => (day === undefined ? '0' : firesOf(day))

function DayList({ day, past }: { day: Day; past: boolean }) {
  const t = useTexts(schedulesTexts)
  const language = useLanguage()
  const title = dayWords(day.day, language, { weekday: 'long', day: 'numeric', month: 'long', year: 'numeric' })
  return (
    <section aria-label={title}>
      <Text component="h2" fw={600} mb="xs">
        {title}
      </Text>
      {day.items.length === 0 ? (
        <Text c="dimmed">{t(past ? 'dayBehind' : 'dayEmpty')}</Text>
      ) : (
        <Table borderColor="var(--hairline)" aria-label={title} maw={900}>
          <Table.Thead>
            <Table.Tr>
              <Table.Th>{t('code')}</Table.Th>
              <Table.Th ta="right">{t('count')}</Table.Th>
              <Table.Th>{t('firstFire')}</Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {day.items.map((item) => (
              <DayRow key={item.id} item={item} />
            ))}
          </Table.Tbody>
        </Table>
      )}
      {day.schedules > day.items.length && <Text mt="xs">{t('moreOfDay', { count: day.schedules - day.items.length })}</Text>}
    </section>
  )
}

function DayRow({ item }: { item: Item }) {
  const t = useTexts(schedulesTexts)
  const { code } = useTenant()
  return (
    <Table.Tr>
      <Table.Td>
        <Anchor component={Link} to={`/t/${code}/schedules/${item.code}`} size="sm" className="foreign">
          {item.code}
        </Anchor>
        {item.calendar !== null && (
          <Text size="xs" c="var(--state-skipped)" className="foreign">
            {t('leftOut', { count: item.excluded, calendar: item.calendar })}
          </Text>
        )}
      </Table.Td>
      <Table.Td ta="right">{firesOf(item)}</Table.Td>
      <Table.Td>
        <span className={item.fires === 0 ? classes['excluded'] : undefined}>
          <Time at={item.firstAt} />
        </span>
      </Table.Td>
    </Table.Tr>
  )
}
