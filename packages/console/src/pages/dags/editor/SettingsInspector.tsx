import type { DagDefinition } from '@carillon/core'
import { Stack, Text } from '@mantine/core'
import { JsonField } from '../../../components/schema-form/JsonField.tsx'
import { useTexts } from '../../../i18n/texts.ts'
import type { Edit, Settings } from './document.ts'
import { LeavingInput } from './NodeInspector.tsx'
import type { EditorProblem } from './problems.ts'
import { editorTexts } from './text.ts'

interface SettingsInspectorProps {
  readonly definition: DagDefinition
  readonly problems: readonly EditorProblem[]
  readonly onEdit: (edit: Edit) => void
}

/** What a definition holds besides its graph. */
export function SettingsInspector({ definition, problems, onEdit }: SettingsInspectorProps) {
  const t = useTexts(editorTexts)
  const { nodes: _, edges: __, ...settings } = definition
  const change = (changes: Partial<Record<keyof Settings, unknown>>) => {
    const entries = Object.entries({ ...settings, ...changes }).filter(([, value]) => value !== undefined)
    onEdit({ kind: 'SETTINGS', settings: Object.fromEntries(entries) as Settings })
  }
  const problem = (path: string) =>
    problems.find((each) => each.node === null && each.edge === null && each.path.startsWith(path))?.message
  return (
    <Stack gap="sm">
      <Text component="h2" fw={600}>
        {t('settings')}
      </Text>
      <Text size="sm" c="dimmed">
        {t('settingsHint')}
      </Text>
      <JsonField
        label={t('defaults')}
        value={settings.params}
        onChange={(params) => change({ params })}
        error={problem('/params/')}
      />
      <JsonField
        label={t('paramsSchema')}
        value={settings.paramsSchema}
        onChange={(paramsSchema) => change({ paramsSchema })}
        error={problem('/paramsSchema')}
        minRows={5}
      />
      <JsonField
        label={t('output')}
        description={t('outputHint')}
        value={settings.output}
        onChange={(output) => change({ output })}
        error={problem('/output')}
      />
      <LeavingInput
        label={t('timeoutMs')}
        value={settings.timeoutMs === undefined ? '' : String(settings.timeoutMs)}
        error={problem('/timeoutMs')}
        onLeave={(text) => {
          const ms = Number(text)
          if (text.trim() !== '' && (!Number.isSafeInteger(ms) || ms < 0)) return false
          change({ timeoutMs: text.trim() === '' ? undefined : ms })
          return true
        }}
      />
    </Stack>
  )
}
