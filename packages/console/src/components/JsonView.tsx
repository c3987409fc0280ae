import { Box, Button, Group } from '@mantine/core'
import { useMemo, useState } from 'react'
import { useTexts } from '../i18n/texts.ts'
import { CopyButton } from './CopyButton.tsx'
import classes from './JsonView.module.css'
import { componentTexts } from './text.ts'

/** More than this is shown when asked for: a browser lays out a megabyte of text in seconds. */
const AT_ONCE = 20_000

/** A value as indented JSON, as text: nothing in it is ever run. */
export function JsonView({ value, label }: { value: unknown; label: string }) {
  const t = useTexts(componentTexts)
  const text = useMemo(() => JSON.stringify(value, null, 2) ?? 'null', [value])
  const [all, setAll] = useState(false)
  const cut = !all && text.length > AT_ONCE
  return (
    <Box pos="relative">
      <pre className={classes['json']} role="region" aria-label={label} tabIndex={0}>
        {cut ? `${text.slice(0, AT_ONCE)} …` : text}
      </pre>
      <Group gap={4} className={classes['actions']}>
        {cut && (
          <Button size="compact-xs" variant="default" onClick={() => setAll(true)}>
            {t('expand')} ({t('bytes', { n: text.length })})
          </Button>
        )}
        <CopyButton text={text} label={`${t('copy')}: ${label}`} />
      </Group>
    </Box>
  )
}
