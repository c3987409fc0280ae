import type { DagDefinition } from '@carillon/core'
import { Button, ScrollArea, Stack, Text } from '@mantine/core'
import { useState } from 'react'
import { JsonField } from '../../../components/schema-form/JsonField.tsx'
import { useTexts } from '../../../i18n/texts.ts'
import { NODE_CODE } from './document.ts'
import { editorTexts } from './text.ts'

/** The whole definition as JSON: one edit when it is taken over. */
export function JsonPane({ definition, onTake }: { definition: DagDefinition; onTake: (definition: DagDefinition) => void }) {
  const t = useTexts(editorTexts)
  const [typed, setTyped] = useState<unknown>(definition)
  const fits = isDefinition(typed)
  return (
    <ScrollArea>
      <Stack gap="xs">
        <Text size="sm" c="dimmed">
          {t('jsonHint')}
        </Text>
        <JsonField label={t('json')} value={typed} onChange={setTyped} minRows={20} error={fits ? undefined : t('jsonProblem')} />
        <Button disabled={!fits} onClick={() => fits && onTake(typed)} style={{ alignSelf: 'flex-start' }}>
          {t('takeOver')}
        </Button>
      </Stack>
    </ScrollArea>
  )
}

/** As far as the editor needs it to draw; the rest the server says. */
function isDefinition(value: unknown): value is DagDefinition {
  const { nodes, edges } = (value ?? {}) as Partial<Record<string, unknown>>
  return (
    Array.isArray(nodes) &&
    Array.isArray(edges) &&
    nodes.every((node: { code?: unknown } | null) => NODE_CODE.test(String(node?.code))) &&
    edges.every((edge: { from?: unknown; to?: unknown } | null) => typeof edge?.from === 'string' && typeof edge.to === 'string')
  )
}
