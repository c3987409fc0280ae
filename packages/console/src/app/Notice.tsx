import { CloseButton, Group, Paper, Text } from '@mantine/core'
import { useEffect, useSyncExternalStore } from 'react'
import { componentTexts } from '../components/text.ts'
import { useTexts } from '../i18n/texts.ts'
import classes from './Notice.module.css'

let said: { readonly message: string; readonly at: number } | null = null
const listeners = new Set<() => void>()

/** Says for a few seconds that something has been done, wherever the page goes meanwhile. What failed is said where it failed. */
export function say(message: string): void {
  set({ message, at: Date.now() })
}

function set(next: typeof said): void {
  said = next
  for (const listener of listeners) listener()
}

const SHOWN_MS = 6_000

export function Notice() {
  const t = useTexts(componentTexts)
  const notice = useSyncExternalStore(
    (listener) => {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
    () => said,
  )
  useEffect(() => {
    if (notice === null) return undefined
    const timer = setTimeout(() => set(null), SHOWN_MS)
    return () => clearTimeout(timer)
  }, [notice])
  return (
    <div role="status" className={classes['notice']}>
      {notice !== null && (
        <Paper withBorder p="sm" shadow="md">
          <Group gap="sm" wrap="nowrap">
            <Text size="sm" className="foreign">
              {notice.message}
            </Text>
            <CloseButton size="sm" aria-label={t('close')} onClick={() => set(null)} />
          </Group>
        </Paper>
      )}
    </div>
  )
}
