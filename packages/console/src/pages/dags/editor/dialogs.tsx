import type { DagVersion } from '@carillon/contract'
import type { DagDefinition, NodeDefinition } from '@carillon/core'
import { Alert, Button, Group, Modal, Select, Stack, Text, TextInput, Textarea, SegmentedControl } from '@mantine/core'
import { useMutation, useQuery } from '@tanstack/react-query'
import { useState } from 'react'
import { useTenant } from '../../../app/session.tsx'
import type { NodeKind } from '../../../components/dag-graph/model.ts'
import { ProblemAlert } from '../../../components/ErrorPanel.tsx'
import { FormDialog } from '../../../components/FormDialog.tsx'
import { JsonView } from '../../../components/JsonView.tsx'
import { componentTexts } from '../../../components/text.ts'
import { useTexts } from '../../../i18n/texts.ts'
import { DiffView } from '../DiffView.tsx'
import { dagsTexts } from '../text.ts'
import { conditionWords } from './completion.ts'
import { freshCode, NODE_CODE, refusalOf, type EdgeRefusal } from './document.ts'
import { paramsOf } from './EdgeInspector.tsx'
import { ExpressionField } from './ExpressionField.tsx'
import type { Clash } from './merge.ts'
import { RefSelect } from './RefSelect.tsx'
import { editorTexts } from './text.ts'

interface AddNodeProps {
  readonly definition: DagDefinition
  /** Begins here: the node that is selected. */
  readonly after: string | null
  readonly onClose: () => void
  readonly onAdd: (node: NodeDefinition, after: string | null) => void
}

export function AddNodeDialog({ definition, after: first, onClose, onAdd }: AddNodeProps) {
  const t = useTexts(editorTexts)
  const taken = new Set(definition.nodes.map(({ code }) => code))
  const [kind, setKind] = useState<NodeKind>('task')
  const [ref, setRef] = useState<string | null>(null)
  const [typed, setTyped] = useState<string | null>(null)
  const [after, setAfter] = useState(first)
  const [tried, setTried] = useState(false)
  const code = typed ?? freshCode(ref ?? kind, taken)
  const wrong = !NODE_CODE.test(code) ? t('codeProblem') : taken.has(code) ? t('codeTaken') : undefined
  const lacks = (kind === 'task' || kind === 'dag') && ref === null
  return (
    <FormDialog
      title={t('addNodeTitle')}
      submit={t('addDo')}
      onClose={onClose}
      onSubmit={async () => {
        setTried(true)
        if (wrong !== undefined || lacks) throw new Error(wrong ?? t(kind === 'dag' ? 'dag' : 'task'))
        return Promise.resolve()
      }}
      onDone={() => onAdd(newNode(code, kind, ref), after)}
    >
      {() => (
        <>
          <Select
            label={t('kind')}
            data={(['task', 'dag', 'approval', 'wait'] as const).map((value) => ({ value, label: t(value) }))}
            value={kind}
            allowDeselect={false}
            onChange={(next) => {
              setKind(next as NodeKind)
              setRef(null)
            }}
          />
          {(kind === 'task' || kind === 'dag') && (
            <RefSelect
              key={kind}
              kind={kind}
              label={t(kind)}
              value={ref}
              onChange={setRef}
              error={tried && lacks ? ' ' : undefined}
              autoFocus
            />
          )}
          <TextInput
            label={t('code')}
            required
            value={code}
            error={tried || typed !== null ? wrong : undefined}
            onChange={({ currentTarget }) => setTyped(currentTarget.value)}
          />
          <NodeSelect
            definition={definition}
            label={t('after')}
            placeholder={t('afterNone')}
            value={after}
            onChange={setAfter}
            clearable
          />
        </>
      )}
    </FormDialog>
  )
}

function newNode(code: string, kind: NodeKind, ref: string | null): NodeDefinition {
  if (kind === 'approval') return { code, approval: {} }
  if (kind === 'wait') return { code, wait: { ms: 60_000 } }
  return kind === 'dag' ? { code, dag: ref! } : { code, task: ref! }
}

interface NodeSelectProps {
  readonly definition: DagDefinition
  readonly label: string
  readonly placeholder?: string
  readonly value: string | null
  readonly onChange: (code: string | null) => void
  readonly clearable?: boolean
  readonly error?: string | undefined
  readonly autoFocus?: boolean
}

function NodeSelect({ definition, value, onChange, clearable = false, autoFocus, ...rest }: NodeSelectProps) {
  return (
    <Select
      {...rest}
      searchable
      selectFirstOptionOnChange
      limit={50}
      clearable={clearable}
      allowDeselect={clearable}
      clearButtonProps={{ 'aria-label': rest.placeholder ?? rest.label }}
      data={definition.nodes.map(({ code }) => code)}
      value={value}
      onChange={onChange}
      data-autofocus={autoFocus || undefined}
    />
  )
}

interface ConnectProps {
  readonly definition: DagDefinition
  readonly from: string
  readonly onClose: () => void
  readonly onConnect: (to: string, condition: string) => void
}

export function ConnectDialog({ definition, from, onClose, onConnect }: ConnectProps) {
  const t = useTexts(editorTexts)
  const [to, setTo] = useState<string | null>(null)
  const [condition, setCondition] = useState('')
  const refused = to === null ? null : refusalOf(definition, from, to)
  const reason = refused === null ? undefined : refusalText(t, refused)
  return (
    <FormDialog
      title={t('connectTitle', { code: from })}
      submit={t('connectDo')}
      onClose={onClose}
      onSubmit={async () => {
        if (to === null || reason !== undefined) throw new Error(reason ?? t('target'))
        return Promise.resolve()
      }}
      onDone={() => onConnect(to!, condition)}
    >
      {() => (
        <>
          <NodeSelect definition={definition} label={t('target')} value={to} onChange={setTo} error={reason} autoFocus />
          <ExpressionField
            label={t('condition')}
            description={t('conditionHint', { from })}
            words={conditionWords(paramsOf(definition))}
            value={condition}
            onChange={setCondition}
          />
        </>
      )}
    </FormDialog>
  )
}

export function refusalText(
  t: ReturnType<typeof useTexts<'refusedITSELF' | 'refusedTHERE' | 'refusedCYCLE'>>,
  refused: EdgeRefusal,
): string {
  return refused.kind === 'CYCLE' ? t('refusedCYCLE', { way: refused.way.join(' → ') }) : t(`refused${refused.kind}`)
}

/** What cannot be brought together by itself: a person chooses for each part. */
export function ClashDialog({
  clashes,
  onClose,
  onSettle,
}: {
  clashes: readonly Clash[]
  onClose: () => void
  onSettle: (choices: Record<string, 'mine' | 'theirs'>) => void
}) {
  const t = useTexts(editorTexts)
  const c = useTexts(componentTexts)
  const [choices, setChoices] = useState<Record<string, 'mine' | 'theirs'>>({})
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('clashTitle')}
      size="xl"
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': c('close') }}
    >
      <Stack>
        <Text>{t('clashHint')}</Text>
        {clashes.map(({ at, mine, theirs }) => (
          <Stack key={at} gap={4}>
            <Group justify="space-between">
              <Text fw={600} className="foreign">
                {at}
              </Text>
              <SegmentedControl
                size="xs"
                aria-label={at}
                data={[
                  { value: 'mine', label: t('mine') },
                  { value: 'theirs', label: t('theirs') },
                ]}
                value={choices[at] ?? 'mine'}
                onChange={(next) => setChoices({ ...choices, [at]: next as 'mine' | 'theirs' })}
              />
            </Group>
            <Group grow align="flex-start" gap="xs">
              <Side label={`${t('mine')}: ${at}`} value={mine} />
              <Side label={`${t('theirs')}: ${at}`} value={theirs} />
            </Group>
          </Stack>
        ))}
        <Group justify="flex-end">
          <Button onClick={() => onSettle(choices)}>{t('takeChoices')}</Button>
        </Group>
      </Stack>
    </Modal>
  )
}

function Side({ label, value }: { label: string; value: unknown }) {
  const t = useTexts(editorTexts)
  return value === undefined ? <Text c="dimmed">{t('removedPart')}</Text> : <JsonView value={value} label={label} />
}

const NOTHING: DagDefinition = { nodes: [], edges: [] }

interface PublishProps {
  readonly dag: string
  readonly number: number
  readonly createdAt: number
  readonly definition: DagDefinition
  readonly problemCount: number
  readonly flush: () => Promise<boolean>
  readonly revision: () => number
  /** Another version's changes come into the draft. */
  readonly onTake: (base: DagDefinition, theirs: DagDefinition) => void
  readonly onClose: () => void
  readonly onPublished: (run: boolean) => void
}

/** Shows what publishing changes against the version that is active now, then does it. */
export function PublishDialog(props: PublishProps) {
  const { dag, number, createdAt, definition, problemCount, onClose, onPublished } = props
  const t = useTexts(editorTexts)
  const c = useTexts(componentTexts)
  const d = useTexts(dagsTexts)
  const { api, code: tenant } = useTenant()
  const [note, setNote] = useState('')
  const [taken, setTaken] = useState<number | null>(null)
  const found = useQuery({
    queryKey: ['dags', tenant, dag, 'publish', number],
    queryFn: async () => {
      const { active } = await api.dags.get({ params: { dag } })
      const version = active === null ? null : await api.dagVersions.get({ params: { dag, number: active } })
      return { version, base: await baseOf(version) }
    },
    gcTime: 0,
  })
  /** What was active when the draft was begun: what others have changed since is seen against it. */
  const baseOf = async (active: DagVersion | null): Promise<DagVersion | null> => {
    if (active === null || (active.activatedAt ?? 0) <= createdAt) return null
    const { items } = await api.dagVersions.list({ params: { dag }, query: { limit: 50 } })
    const before = items.filter(({ activatedAt }) => activatedAt !== null && activatedAt <= createdAt)
    const latest = before.toSorted((a, b) => b.activatedAt! - a.activatedAt!)[0]
    return latest === undefined ? null : api.dagVersions.get({ params: { dag, number: latest.number } })
  }
  const publish = useMutation({
    mutationFn: async (_run: boolean) => {
      if (!(await props.flush())) throw new Error(t('publishProblems'))
      let revision = props.revision()
      if (note !== '') revision = (await api.dagVersions.update({ params: { dag, number }, body: { revision, note } })).revision
      await api.dagVersions.activate({ params: { dag, number }, body: { revision } })
    },
    onSuccess: (_, run) => onPublished(run),
  })
  if (found.data === undefined) return null
  const { version, base } = found.data
  const stale = version !== null && (version.activatedAt ?? 0) > createdAt && taken !== version.number
  return (
    <Modal
      opened
      onClose={onClose}
      title={t('publishTitle', { number })}
      size="xl"
      closeOnClickOutside={false}
      closeButtonProps={{ 'aria-label': c('close') }}
    >
      <Stack>
        <Text>{version === null ? t('publishFirst') : t('publishHint')}</Text>
        {stale && (
          <Alert variant="outline" style={{ borderColor: 'var(--state-timeout)', color: 'inherit' }}>
            <Text mb="xs">{t('publishStale', { number: version.number, by: version.activatedBy ?? version.createdBy })}</Text>
            <Button
              size="compact-sm"
              variant="default"
              onClick={() => {
                props.onTake((base?.definition ?? NOTHING) as DagDefinition, version.definition as DagDefinition)
                setTaken(version.number)
              }}
            >
              {t('bringIn', { number: version.number })}
            </Button>
          </Alert>
        )}
        {problemCount > 0 && <ProblemAlert error={new Error(t('publishProblems'))} />}
        <DiffView before={(version?.definition ?? NOTHING) as DagDefinition} after={definition} height={280} />
        <Textarea
          label={d('note')}
          description={d('noteHint')}
          value={note}
          onChange={({ currentTarget }) => setNote(currentTarget.value)}
        />
        <ProblemAlert error={publish.error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            {c('cancel')}
          </Button>
          <Button variant="default" disabled={problemCount > 0} loading={publish.isPending} onClick={() => publish.mutate(true)}>
            {t('publishAndRun')}
          </Button>
          <Button disabled={problemCount > 0} loading={publish.isPending} onClick={() => publish.mutate(false)} data-autofocus>
            {t('publishDo')}
          </Button>
        </Group>
      </Stack>
    </Modal>
  )
}
