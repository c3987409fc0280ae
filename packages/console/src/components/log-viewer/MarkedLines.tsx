import { Group, Text } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Link2, X } from 'lucide-react'
import { useState } from 'react'
import { useTenant } from '../../app/session.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { copyText } from '../clipboard.ts'
import { CopyButton } from '../CopyButton.tsx'
import { componentTexts } from '../text.ts'
import { Time } from '../Time.tsx'
import { rangeText, type LineRange } from './line-range.ts'
import { IconButton } from './IconButton.tsx'
import classes from './LogViewer.module.css'
import { plainText } from './segments.ts'
import { logTexts } from './text.ts'
import type { LogSource } from './use-log.ts'

interface MarkedLinesProps {
  readonly range: LineRange
  readonly source: LogSource
  readonly onClose: () => void
}

/** The lines that the address names, whole: their text wrapped, when they were written, by whom. To be copied, and sent as a link. */
export function MarkedLines({ range, source, onClose }: MarkedLinesProps) {
  const t = useTexts(logTexts)
  const words = useTexts(componentTexts)
  const { api, code } = useTenant()
  const { instance, attempt } = source
  const [linked, setLinked] = useState(false)
  const { data: lines = [] } = useQuery({
    queryKey: ['log-lines', code, instance, attempt, range],
    queryFn: async () => {
      const query = { attempt, after: range.from - 1, limit: Math.min(200, range.to - range.from + 1) }
      const { items } = await api.instances.logs({ params: { instance }, query })
      return items.filter(({ seq }) => seq <= range.to)
    },
    placeholderData: (previous) => previous,
  })
  const first = lines[0]
  const whole = lines.map(({ text }) => plainText(text)).join('\n')
  return (
    <div className={classes['marked']} role="region" aria-label={t('marked', { lines: rangeText(range) })} tabIndex={0}>
      <Group gap={6} wrap="nowrap">
        <Text size="xs" fw={600}>
          {t('marked', { lines: rangeText(range) })}
        </Text>
        {first && (
          <Text size="xs" c="dimmed" truncate>
            {first.level} · {first.source} · <Time at={first.at} />
          </Text>
        )}
        <span className={classes['spring']} />
        <CopyButton text={whole} label={t('copyShown')} />
        <IconButton
          label={linked ? words('copied') : t('copyLink')}
          onClick={() => setLinked(copyText(location.href))}
          icon={<Link2 size={14} aria-hidden />}
        />
        <IconButton label={t('close')} onClick={onClose} icon={<X size={14} aria-hidden />} />
      </Group>
      <pre className={classes['whole']}>{whole}</pre>
    </div>
  )
}
