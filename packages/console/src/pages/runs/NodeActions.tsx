import type { InstanceDetail } from '@carillon/contract'
import { Button, Text, Textarea } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { say } from '../../app/Notice.tsx'
import { useTenant } from '../../app/session.tsx'
import { useSetSearch } from '../../app/set-search.ts'
import { FormDialog } from '../../components/FormDialog.tsx'
import { ParamsEditor } from '../../components/schema-form/ParamsEditor.tsx'
import { problemsBelow } from '../../components/schema-form/problems.ts'
import { recordOf } from '../../components/schema-form/schema.ts'
import { useTexts } from '../../i18n/texts.ts'
import { changedParams } from '../tasks/changed-params.ts'
import { actionsFor, type NodeAction } from './node-actions.ts'
import { runTexts } from './run-text.ts'
import { StopsAll } from './StopsAll.tsx'
import { useRun } from './use-run.ts'

const WORDS = {
  approve: { word: 'approve', hint: 'approveHint' },
  reject: { word: 'reject', hint: 'rejectHint' },
  run: { word: 'runNode', hint: 'runNodeHint' },
  skip: { word: 'skipNode', hint: 'skipNodeHint' },
  cancel: { word: 'cancelNode', hint: 'cancelNodeHint' },
  retry: { word: 'retryNode', hint: 'retryNodeHint' },
} as const satisfies Record<NodeAction, { word: string; hint: string }>

/** What can be done with one node of a run that goes on. */
export function NodeActions({ instance, name }: { instance: InstanceDetail; name: string }) {
  const t = useTexts(runTexts)
  const { can } = useTenant()
  const { data: run } = useRun(instance.runId)
  const [asked, ask] = useState<NodeAction | null>(null)
  if (run === undefined || run.endedAt !== null) return null
  // Who may decide an approval is said by the node, so anybody may try.
  const permitted = (action: NodeAction) =>
    action === 'approve' || action === 'reject' || can(action === 'retry' ? 'run.trigger' : 'run.control')
  return (
    <>
      {actionsFor(instance)
        .filter(permitted)
        .map((action) => (
          <Button
            key={action}
            size="compact-sm"
            variant={action === 'approve' ? 'filled' : 'default'}
            onClick={() => ask(action)}
          >
            {t(WORDS[action].word)}
          </Button>
        ))}
      {asked !== null && <ActionDialog action={asked} instance={instance} name={name} onClose={() => ask(null)} />}
    </>
  )
}

interface ActionDialogProps {
  readonly action: NodeAction
  readonly instance: InstanceDetail
  readonly name: string
  readonly onClose: () => void
}

function ActionDialog({ action, instance, name, onClose }: ActionDialogProps) {
  const t = useTexts(runTexts)
  const { api, code } = useTenant()
  const client = useQueryClient()
  const setSearch = useSetSearch()
  const [comment, setComment] = useState('')
  const [wanted, setWanted] = useState<unknown>(instance.params ?? {})
  const { word, hint } = WORDS[action]
  const params = { instance: instance.id }
  const changed = changedParams(recordOf(instance.params), recordOf(wanted))
  const decides = action === 'approve' || action === 'reject'
  const takesParams = action === 'retry' && instance.task !== null
  const send = (): Promise<{ newInstanceId?: number }> => {
    if (action === 'approve' || action === 'reject')
      return api.instances[action]({ params, body: comment.trim() === '' ? {} : { comment: comment.trim() } })
    if (action === 'retry')
      return api.instances.retry({ params, body: takesParams && Object.keys(changed).length > 0 ? { params: changed } : {} })
    return api.instances[action]({ params })
  }
  return (
    <FormDialog
      title={t('actOn', { action: t(word), node: name })}
      submit={t(word)}
      danger={action === 'cancel' || action === 'reject'}
      onClose={onClose}
      onSubmit={send}
      onDone={({ newInstanceId }) => {
        say(t('done'))
        onClose()
        if (newInstanceId !== undefined) setSearch({ node: String(newInstanceId), attempt: undefined, line: undefined }, 'push')
        void client.invalidateQueries({ queryKey: ['run', code, instance.runId] })
        void client.invalidateQueries({ queryKey: ['instance', code, instance.id] })
      }}
    >
      {(problem, refused) => (
        <>
          <Text size="sm">{t(hint)}</Text>
          {action === 'cancel' && <StopsAll instances={[instance]} />}
          {decides && (
            <Textarea
              label={t('comment')}
              maxLength={2000}
              autosize
              minRows={2}
              error={problem('/comment')}
              value={comment}
              onChange={({ currentTarget }) => setComment(currentTarget.value)}
            />
          )}
          {takesParams && (
            <ParamsEditor
              label={t('params')}
              schema={null}
              value={wanted}
              onChange={setWanted}
              problems={refused === null ? [] : problemsBelow(refused, '/params')}
            />
          )}
        </>
      )}
    </FormDialog>
  )
}
