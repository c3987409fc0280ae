import type { DagDefinitionView, RunDetail } from '@carillon/contract'
import { Radio, Stack, Text } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { say } from '../../app/Notice.tsx'
import { useTenant } from '../../app/session.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { checkValue } from '../../components/schema-form/check.ts'
import { ParamsEditor } from '../../components/schema-form/ParamsEditor.tsx'
import { problemsBelow } from '../../components/schema-form/problems.ts'
import { recordOf } from '../../components/schema-form/schema.ts'
import { useTexts } from '../../i18n/texts.ts'
import { changedParams } from '../tasks/changed-params.ts'
import { nameOf, repeatedFromFailed, type RunNode } from './run-nodes.ts'
import { runTexts } from './run-text.ts'

interface RetryDialogProps {
  readonly run: RunDetail
  readonly nodes: readonly RunNode[]
  readonly definition: DagDefinitionView | null
  readonly onClose: () => void
}

const MOST_NAMED = 12

/** Runs it again as a new run, from where it failed or from its start, with other parameters where they are changed here. */
export function RetryDialog({ run, nodes, definition, onClose }: RetryDialogProps) {
  const t = useTexts(runTexts)
  const { api, code: tenant } = useTenant()
  const navigate = useNavigate()
  const client = useQueryClient()
  const failed = run.kind === 'DAG' && run.state !== 'SUCCESS'
  const [from, setFrom] = useState<'FAILED' | 'START'>(failed ? 'FAILED' : 'START')
  const [params, setParams] = useState<unknown>(run.params ?? {})
  const schema = useSchema(run, definition)
  const problems = schema === null ? [] : checkValue(schema, params)
  const { stand, again } = repeatedFromFailed(nodes)
  const names = useNames(again)
  const changed = changedParams(recordOf(run.params), recordOf(params))
  return (
    <FormDialog
      title={t('retryTitle', { name: nameOf(run, t('deleted')) })}
      submit={t('retryDo')}
      size="lg"
      onClose={onClose}
      onSubmit={() =>
        api.runs.retry({
          params: { run: run.id },
          body: { from, ...(Object.keys(changed).length === 0 ? {} : { params: changed }) },
        })
      }
      onDone={({ newRunId }) => {
        say(t('retried', { id: newRunId }))
        void client.invalidateQueries({ queryKey: ['runs', tenant] })
        onClose()
        void navigate({ to: '/t/$tenant/runs/$run', params: { tenant, run: String(newRunId) }, search: {} })
      }}
    >
      {(_problem, refused) => (
        <>
          {failed && (
            <Radio.Group label={t('retryFrom')} value={from} onChange={(value) => setFrom(value as 'FAILED' | 'START')}>
              <Stack gap={6} mt={6}>
                <Radio value="FAILED" label={t('fromFailed', { stand, again: again.length })} />
                <Radio value="START" label={t('fromStart')} />
              </Stack>
              {from === 'FAILED' && again.length > 0 && (
                <Text size="xs" c="dimmed" mt={6} className="foreign">
                  {t('again', { nodes: names })}
                </Text>
              )}
            </Radio.Group>
          )}
          <ParamsEditor
            label={t('params')}
            schema={schema}
            value={params}
            onChange={setParams}
            problems={refused === null ? problems : [...problemsBelow(refused, '/params'), ...problems]}
          />
        </>
      )}
    </FormDialog>
  )
}

function useNames(codes: readonly string[]): string {
  const t = useTexts(runTexts)
  const nodes = codes.slice(0, MOST_NAMED).join(', ')
  return codes.length > MOST_NAMED ? t('andMore', { nodes, count: codes.length - MOST_NAMED }) : nodes
}

/** Of the DAG's version, or of the task's type as it is now; null where there is none any more. */
function useSchema({ kind, task }: RunDetail, definition: DagDefinitionView | null): Readonly<Record<string, unknown>> | null {
  const { api, code } = useTenant()
  const ofTask = useQuery({
    queryKey: ['params-schema', code, task?.id],
    queryFn: async () => {
      const { type } = await api.tasks.get({ params: { task: String(task!.id) } })
      return (await api.taskTypes.get({ params: { type: String(type.id) } })).paramsSchema
    },
    enabled: kind === 'TASK' && task !== null,
    retry: false,
  })
  return kind === 'DAG' ? (definition?.paramsSchema ?? null) : (ofTask.data ?? null)
}
