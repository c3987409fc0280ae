import type { ScheduleView } from '@carillon/contract'
import { Text } from '@mantine/core'
import { Time } from '../../components/Time.tsx'
import { useLanguage, useTexts } from '../../i18n/texts.ts'
import { cronWords, everyWords } from './cron-words.ts'
import { durationText } from '../../components/moments.ts'
import { schedulesTexts } from './text.ts'

/** When it fires, in words, with the expression and the zone that they come from. */
export function Timing({ timing }: { timing: ScheduleView['timing'] }) {
  const t = useTexts(schedulesTexts)
  const language = useLanguage()
  switch (timing.kind) {
    case 'CRON': {
      const words = cronWords(timing.expression, language)
      return (
        <div>
          {words !== null && <div>{words}</div>}
          <Text size="xs" c="dimmed">
            <code>{timing.expression}</code> · {timing.timezone}
          </Text>
        </div>
      )
    }
    case 'FIXED_RATE':
      return <>{everyWords(timing.everyMs, language)}</>
    case 'FIXED_DELAY':
      return <>{t('afterEnd', { text: durationText(timing.delayMs) })}</>
    case 'ONCE':
      return (
        <>
          {t('onceAt')} · <Time at={timing.at} />
        </>
      )
    case 'MANUAL':
      return <>{t('manual')}</>
  }
}

/** The zone in which it is meant, where it has one. */
export const zoneOf = (timing: ScheduleView['timing']): string | undefined =>
  timing.kind === 'CRON' ? timing.timezone : undefined
