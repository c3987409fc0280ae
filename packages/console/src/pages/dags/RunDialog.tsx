import type { DagVersion } from '@carillon/contract'
import { Group, Text, TextInput } from '@mantine/core'
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { useTenant } from '../../app/session.tsx'
import { say } from '../../app/Notice.tsx'
import { CopyButton } from '../../components/CopyButton.tsx'
import { EmptyState } from '../../components/EmptyState.tsx'
import { FormDialog } from '../../components/FormDialog.tsx'
import { checkValue } from '../../components/schema-form/check.ts'
import { ParamsEditor } from '../../components/schema-form/ParamsEditor.tsx'
import { problemsBelow } from '../../components/schema-form/problems.ts'
import { useTexts } from '../../i18n/texts.ts'
import { dagsTexts } from './text.ts'

interface RunDialogProps {
  readonly dag: string
  /** The active version unless given. */
  readonly number?: number | null
  readonly onClose: () => void
}

/** Runs a DAG now: its parameters as a form by the schema of its version, then to the run. */
export function RunDialog({ dag, number, onClose }: RunDialogProps) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant } = useTenant()
  const version = useQuery({
    queryKey: ['dags', tenant, dag, 'to-run', number ?? null],
    queryFn: async () => {
      const wanted = number ?? (await api.dags.get({ params: { dag } })).active
      return wanted === null ? null : api.dagVersions.get({ params: { dag, number: wanted } })
    },
  })
  if (version.data === undefined) return null
  if (version.data === null) return <EmptyState title={t('runRefused')} />
  return <Form dag={dag} version={version.data} named={number !== undefined && number !== null} onClose={onClose} />
}

function Form({ dag, version, named, onClose }: { dag: string; version: DagVersion; named: boolean; onClose: () => void }) {
  const t = useTexts(dagsTexts)
  const { api, code: tenant } = useTenant()
  const navigate = useNavigate()
  const client = useQueryClient()
  const { params: defaults = {}, paramsSchema } = version.definition
  const [params, setParams] = useState<unknown>(defaults)
  const [priority, setPriority] = useState('')
  const problems = paramsSchema ? checkValue(paramsSchema, params) : []
  return (
    <FormDialog
      title={t('runTitle', { code: dag })}
      submit={t('runDo')}
      size="lg"
      onClose={onClose}
      onSubmit={() =>
        api.runs.triggerDag({
          params: { dag },
          body: {
            params: params as Record<string, unknown>,
            ...(named ? { version: version.number } : {}),
            ...(priority === '' ? {} : { priority: Number(priority) }),
          },
        })
      }
      onDone={({ runId, state, reason }) => {
        say(state === 'SKIPPED' ? t('runSkipped', { id: runId, reason }) : t('runStarted', { id: runId }))
        void client.invalidateQueries({ queryKey: ['runs', tenant] })
        void navigate({ to: '/t/$tenant/runs/$run', params: { tenant, run: String(runId) } })
      }}
    >
      {(problem, refused) => (
        <>
          <Text size="sm" c="dimmed">
            {t('version', { number: version.number })}
          </Text>
          <ParamsEditor
            label={t('parameters')}
            schema={paramsSchema ?? null}
            value={params}
            onChange={setParams}
            problems={refused === null ? problems : [...problemsBelow(refused, '/params'), ...problems]}
          />
          <TextInput
            label={t('priority')}
            inputMode="numeric"
            value={priority}
            error={problem('/priority')}
            onChange={({ currentTarget }) => setPriority(currentTarget.value)}
          />
          <Group gap="xs">
            <Text size="xs" c="dimmed">
              {t('asCommand')}
            </Text>
            <CopyButton text={commandOf(dag, params)} label={t('asCommand')} />
          </Group>
        </>
      )}
    </FormDialog>
  )
}

function commandOf(dag: string, params: unknown): string {
  return `carillon trigger --dag ${dag} --params '${JSON.stringify(params).replaceAll("'", `'\\''`)}'`
}
