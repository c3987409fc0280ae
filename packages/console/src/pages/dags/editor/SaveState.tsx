import { Button, Group, Text } from '@mantine/core'
import { usePreferences } from '../../../app/preferences.ts'
import { momentText, zoneName } from '../../../components/moments.ts'
import { useTexts } from '../../../i18n/texts.ts'
import type { SaveStatus } from './Draft.ts'
import { editorTexts } from './text.ts'

interface SaveStateProps {
  readonly status: SaveStatus
  readonly number: number
  readonly onChoose: () => void
  readonly onSaveAsNew: () => void
}

/** Where the work is, word for word: on the server, on its way, or in this browser. */
export function SaveState({ status, number, onChoose, onSaveAsNew }: SaveStateProps) {
  const t = useTexts(editorTexts)
  const { zone } = usePreferences()
  const wrong = status.kind !== 'SAVED' && status.kind !== 'SAVING'
  const words = {
    SAVED: () => t('savedAt', { number, at: momentText(status.kind === 'SAVED' ? status.at : 0, zoneName(zone)) }),
    SAVING: () => t('SAVING'),
    UNREACHABLE: () => t('UNREACHABLE', { count: status.kind === 'UNREACHABLE' ? status.changes : 0 }),
    CLASH: () => t('CLASH'),
    REFUSED: () => t('REFUSED', { message: status.kind === 'REFUSED' ? status.error.message : '' }),
    GONE: () => t('GONE'),
  }
  return (
    <Group gap="xs">
      <Text
        size="sm"
        role="status"
        data-save={status.kind}
        style={{ color: wrong ? 'var(--state-failed)' : 'var(--mantine-color-dimmed)' }}
      >
        {words[status.kind]()}
        {status.kind === 'SAVED' && status.merged ? ` · ${t('merged')}` : ''}
      </Text>
      {status.kind === 'CLASH' && (
        <Button size="compact-sm" onClick={onChoose}>
          {t('choose')}
        </Button>
      )}
      {status.kind === 'GONE' && (
        <Button size="compact-sm" onClick={onSaveAsNew}>
          {t('saveAsNew')}
        </Button>
      )}
    </Group>
  )
}
