import { Button, Group, List, Text, TextInput } from '@mantine/core'
import { useState } from 'react'
import { say } from '../app/Notice.tsx'
import { defineTexts, useTexts } from '../i18n/texts.ts'
import { ConfirmDialog } from './ConfirmDialog.tsx'

const texts = defineTexts('bulk', {
  en: {
    selected_one: '{{count}} selected',
    selected_other: '{{count}} selected',
    title_one: '{{action}}: {{count}} object',
    title_other: '{{action}}: {{count}} objects',
    hint: 'Each is done by itself; a refused one does not stop the others.',
    done: '{{done}} done, {{refused}} refused',
    reason: 'Reason',
  },
  zh: {
    selected_other: '已选择 {{count}} 项',
    title_other: '{{action}}:{{count}} 项',
    hint: '逐个执行;被拒绝的不影响其他项。',
    done: '完成 {{done}} 个,拒绝 {{refused}} 个',
    reason: '原因',
  },
})

interface Answer {
  readonly items: readonly { readonly ref: string; readonly ok: boolean; readonly code?: string; readonly detail?: string }[]
}

interface BulkBarProps<A extends string> {
  readonly selected: readonly { readonly ref: string; readonly name: string }[]
  /** `asks`: with a reason. */
  readonly actions: readonly { readonly action: A; readonly word: string; readonly danger?: true; readonly asks?: true }[]
  readonly send: (action: A, reason: string | undefined) => Promise<Answer>
  /** At least one was changed; `all`: none was refused. */
  readonly onDone: (all: boolean) => Promise<unknown>
}

/** What can be done with selected rows; each is answered by itself. */
export function BulkBar<A extends string>({ selected, actions, send, onDone }: BulkBarProps<A>) {
  const t = useTexts(texts)
  const [asked, ask] = useState<BulkBarProps<A>['actions'][number] | null>(null)
  const [reason, setReason] = useState('')
  const [refusals, setRefusals] = useState<readonly string[]>([])
  const run = async () => {
    const { items } = await send(asked!.action, asked!.asks && reason !== '' ? reason : undefined)
    const refused = items.filter(({ ok }) => !ok)
    say(t('done', { done: items.length - refused.length, refused: refused.length }))
    setRefusals(refused.map((item) => `${nameOf(selected, item.ref)}: ${item.detail ?? item.code ?? ''}`))
    await onDone(refused.length === 0)
  }
  return (
    <>
      <Group mb="sm" role="group" aria-label={t('selected', { count: selected.length })}>
        <Text fw={600} role="status">
          {t('selected', { count: selected.length })}
        </Text>
        {actions.map((each) => (
          <Button key={each.action} size="compact-sm" variant="default" onClick={() => ask(each)}>
            {each.word}
          </Button>
        ))}
      </Group>
      {refusals.length > 0 && (
        <List size="sm" mb="sm" role="alert" c="var(--state-failed)">
          {refusals.map((line) => (
            <List.Item key={line} className="foreign">
              {line}
            </List.Item>
          ))}
        </List>
      )}
      <ConfirmDialog
        opened={asked !== null}
        onClose={() => ask(null)}
        title={asked === null ? '' : t('title', { count: selected.length, action: asked.word })}
        confirm={asked?.word ?? ''}
        danger={asked?.danger ?? false}
        onConfirm={run}
      >
        <Text>{t('hint')}</Text>
        <List size="sm" mah={200} mb="sm" style={{ overflowY: 'auto' }}>
          {selected.map(({ ref, name }) => (
            <List.Item key={ref} className="foreign">
              {name}
            </List.Item>
          ))}
        </List>
        {asked?.asks && (
          <TextInput label={t('reason')} value={reason} onChange={({ currentTarget }) => setReason(currentTarget.value)} />
        )}
      </ConfirmDialog>
    </>
  )
}

function nameOf(selected: readonly { readonly ref: string; readonly name: string }[], ref: string): string {
  return selected.find((each) => each.ref === ref)?.name ?? ref
}
