import { Button, Code } from '@mantine/core'
import type { ErrorComponentProps } from '@tanstack/react-router'
import { EmptyState } from '../components/EmptyState.tsx'
import { useTexts } from '../i18n/texts.ts'
import { shellTexts } from './text.ts'

/** What a page shows when its own code fails: never a blank window. */
export function Crash({ error }: ErrorComponentProps) {
  const t = useTexts(shellTexts)
  return (
    <EmptyState level={1} title={t('crashed')} action={<Button onClick={() => window.location.reload()}>{t('reload')}</Button>}>
      {t('crashedHint')} <Code>{error instanceof Error ? error.message : String(error)}</Code>
    </EmptyState>
  )
}
