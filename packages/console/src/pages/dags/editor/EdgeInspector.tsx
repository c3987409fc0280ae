import type { DagDefinition, EdgeDefinition } from '@carillon/core'
import { Button, Fieldset, Stack, Text } from '@mantine/core'
import { Trash2 } from 'lucide-react'
import { useState } from 'react'
import { JsonField } from '../../../components/schema-form/JsonField.tsx'
import { useSaid } from '../../../i18n/said.ts'
import { useTexts } from '../../../i18n/texts.ts'
import { conditionWords } from './completion.ts'
import { useCore } from './core.ts'
import type { Edit } from './document.ts'
import { ExpressionField, Outcome } from './ExpressionField.tsx'
import { editorTexts } from './text.ts'

interface EdgeInspectorProps {
  readonly edge: EdgeDefinition
  readonly definition: DagDefinition
  readonly problems: readonly string[]
  readonly onEdit: (edit: Edit) => void
  readonly onRemove: () => void
}

/** The condition of an edge, and what it would say to a value. */
export function EdgeInspector({ edge, definition, problems, onEdit, onRemove }: EdgeInspectorProps) {
  const t = useTexts(editorTexts)
  const { from, to, condition } = edge
  return (
    <Stack gap="sm">
      <Text component="h2" fw={600} className="foreign">
        {t('edgeTitle', { from, to })}
      </Text>
      <ExpressionField
        key={`${from} ${to}`}
        label={t('condition')}
        description={t('conditionHint', { from })}
        value={condition ?? ''}
        words={conditionWords(paramsOf(definition))}
        error={problems[0]}
        onChange={(text) => onEdit({ kind: 'CHANGE_EDGE', edge: { from, to, ...(text === '' ? {} : { condition: text }) } })}
      />
      {condition !== undefined && <TestValue condition={condition} params={definition.params ?? {}} />}
      <Button
        variant="default"
        leftSection={<Trash2 size={14} aria-hidden />}
        onClick={onRemove}
        style={{ alignSelf: 'flex-start' }}
      >
        {t('remove')}
      </Button>
    </Stack>
  )
}

/** The scheduler's own evaluation, in the browser. */
function TestValue({ condition, params }: { condition: string; params: object }) {
  const t = useTexts(editorTexts)
  const say = useSaid()
  const core = useCore()
  const [context, setContext] = useState<unknown>({ state: 'SUCCESS', output: { rows: 1 }, error: null, params })
  const compiled = core?.compileExpression(condition)
  const result = compiled?.kind === 'OK' ? compiled.evaluate(context as Readonly<Record<string, unknown>>) : null
  return (
    <Fieldset legend={t('test')} style={{ borderColor: 'var(--hairline)' }}>
      <JsonField
        label={t('test')}
        description={t('testHint')}
        value={context}
        onChange={(next) => setContext(next ?? {})}
        minRows={4}
      />
      {result?.kind === 'ERROR' && <Outcome wrong>{say(result.message)}</Outcome>}
      {result?.kind === 'VALUE' && (
        <Outcome wrong={typeof result.value !== 'boolean'}>
          {t('testResult', { value: JSON.stringify(result.value) })}:{' '}
          {t(result.value === true ? 'testTaken' : result.value === false ? 'testNotTaken' : 'testNotBoolean')}
        </Outcome>
      )}
    </Fieldset>
  )
}

/** Names of the run's parameters: those with a default and those of the schema. */
export function paramsOf({ params, paramsSchema }: DagDefinition): readonly string[] {
  const properties = paramsSchema?.['properties']
  const named = typeof properties === 'object' && properties !== null ? Object.keys(properties) : []
  return [...new Set([...Object.keys(params ?? {}), ...named])]
}
