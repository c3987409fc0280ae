import { TRIGGER_RULES_OF_FORM } from './words.ts'
import type { DagDefinition, NodeDefinition, TriggerRule } from '@carillon/core'
import { Button, Checkbox, Fieldset, Select, Stack, Text, TextInput, Textarea } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { Spline, Trash2 } from 'lucide-react'
import { useState } from 'react'
import { useTenant } from '../../../app/session.tsx'
import type { NodeKind } from '../../../components/dag-graph/model.ts'
import { JsonField } from '../../../components/schema-form/JsonField.tsx'
import { ParamsEditor } from '../../../components/schema-form/ParamsEditor.tsx'
import { useTexts } from '../../../i18n/texts.ts'
import { nodeWords } from './completion.ts'
import { NODE_CODE, type Edit, type EdgeEnds } from './document.ts'
import { paramsOf } from './EdgeInspector.tsx'
import { ExpressionField } from './ExpressionField.tsx'
import { kindOf } from './graph-of.ts'
import type { EditorProblem } from './problems.ts'
import { RefSelect } from './RefSelect.tsx'
import { editorTexts } from './text.ts'

interface NodeInspectorProps {
  readonly node: NodeDefinition
  readonly definition: DagDefinition
  readonly problems: readonly EditorProblem[]
  readonly onEdit: (edit: Edit) => void
  readonly onSelectEdge: (edge: EdgeEnds) => void
  readonly onRename: (code: string) => void
  readonly onConnect: () => void
  readonly onRemove: () => void
}

/** Everything of a node. Each change is one edit, told when a field is left. */
export function NodeInspector(props: NodeInspectorProps) {
  const { node, definition, problems, onEdit, onRename } = props
  const t = useTexts(editorTexts)
  const kind = kindOf(node)
  const change = (changes: Partial<Record<keyof NodeDefinition, unknown>>) =>
    onEdit({ kind: 'CHANGE_NODE', code: node.code, node: withChanges(node, changes) })
  const problem = (path: string) => problems.find((each) => each.path === path || each.path.startsWith(`${path}/`))?.message
  const words = nodeWords(
    paramsOf(definition),
    definition.edges.filter(({ to }) => to === node.code).map(({ from }) => from),
  )
  const [codeProblem, setCodeProblem] = useState<string | undefined>()
  return (
    <Stack gap="sm">
      <LeavingInput
        label={t('code')}
        description={t('codeHint', { code: node.code })}
        value={node.code}
        error={codeProblem}
        onLeave={(code) => {
          const wrong = !NODE_CODE.test(code)
            ? t('codeProblem')
            : code !== node.code && definition.nodes.some((other) => other.code === code)
              ? t('codeTaken')
              : undefined
          setCodeProblem(wrong)
          if (wrong === undefined && code !== node.code) {
            change({ code })
            onRename(code)
          }
          return wrong === undefined
        }}
      />
      <LeavingInput
        label={t('name')}
        value={node.name ?? ''}
        onLeave={(name) => change({ name: name === '' ? undefined : name })}
      />
      <Select
        label={t('kind')}
        data={(['task', 'dag', 'approval', 'wait'] as const).map((value) => ({ value, label: t(value) }))}
        value={kind}
        allowDeselect={false}
        error={problem('')}
        onChange={(next) => next !== null && next !== kind && change(KIND_CHANGES[next as NodeKind])}
      />
      <OfKind {...{ node, kind, change, problem, words }} />
      <Select
        label={t('triggerRule')}
        data={TRIGGER_RULES_OF_FORM.map((value) => ({ value, label: t(value) }))}
        value={node.triggerRule ?? 'ALL_SUCCESS'}
        allowDeselect={false}
        error={problem('/triggerRule')}
        onChange={(rule) => change({ triggerRule: rule === 'ALL_SUCCESS' ? undefined : (rule as TriggerRule) })}
      />
      <Checkbox
        label={t('mayFail')}
        checked={node.mayFail ?? false}
        onChange={({ currentTarget }) => change({ mayFail: currentTarget.checked || undefined })}
      />
      {kind === 'task' && (
        <ExpressionField
          label={t('forEach')}
          description={t('forEachHint')}
          words={words}
          value={node.forEach?.items ?? ''}
          error={problem('/forEach')}
          onChange={(items) => change({ forEach: items === '' ? undefined : { ...node.forEach, items } })}
        />
      )}
      {(kind === 'task' || kind === 'dag') && <Params {...{ node, change, problems }} />}
      {kind === 'task' && (
        <JsonField
          label={t('policies')}
          description={t('policiesHint')}
          minRows={2}
          value={policiesOf(node)}
          error={['/timeoutMs', '/retry', '/priority', '/route'].map(problem).find((text) => text !== undefined)}
          onChange={(next) => change({ ...NO_POLICIES, ...pickPolicies(next) })}
        />
      )}
      <Edges {...props} />
      <Button
        variant="default"
        leftSection={<Trash2 size={14} aria-hidden />}
        onClick={props.onRemove}
        style={{ alignSelf: 'flex-start' }}
      >
        {t('remove')}
      </Button>
    </Stack>
  )
}

type Change = (changes: Partial<Record<keyof NodeDefinition, unknown>>) => void

/** What is undefined goes: a definition says nothing of what it leaves to the default. */
function withChanges(node: NodeDefinition, changes: Partial<Record<keyof NodeDefinition, unknown>>): NodeDefinition {
  return Object.fromEntries(
    Object.entries({ ...node, ...changes }).filter(([, value]) => value !== undefined),
  ) as unknown as NodeDefinition
}

const NO_KIND = {
  task: undefined,
  dag: undefined,
  dagVersion: undefined,
  approval: undefined,
  wait: undefined,
  forEach: undefined,
}
const KIND_CHANGES = {
  task: NO_KIND,
  dag: NO_KIND,
  approval: { ...NO_KIND, approval: {}, params: undefined },
  wait: { ...NO_KIND, wait: { ms: 60_000 }, params: undefined },
} as const

const NO_POLICIES = { timeoutMs: undefined, retry: undefined, priority: undefined, route: undefined }

function policiesOf({ timeoutMs, retry, priority, route }: NodeDefinition): unknown {
  const given = Object.entries({ timeoutMs, retry, priority, route }).filter(([, value]) => value !== undefined)
  return given.length === 0 ? undefined : Object.fromEntries(given)
}

function pickPolicies(value: unknown): object {
  if (typeof value !== 'object' || value === null) return {}
  return Object.fromEntries(Object.entries(value).filter(([key]) => Object.hasOwn(NO_POLICIES, key)))
}

interface OfKindProps {
  readonly node: NodeDefinition
  readonly kind: NodeKind
  readonly change: Change
  readonly problem: (path: string) => string | undefined
  readonly words: readonly string[]
}

function OfKind({ node, kind, change, problem, words }: OfKindProps) {
  const t = useTexts(editorTexts)
  if (kind === 'dag')
    return (
      <>
        <RefSelect
          kind="dag"
          label={t('dag')}
          value={node.dag ?? null}
          error={problem('/dag')}
          onChange={(dag) => change({ ...NO_KIND, dag })}
        />
        <NumberInput
          label={t('dagVersion')}
          value={node.dagVersion}
          error={problem('/dagVersion')}
          onLeave={(dagVersion) => change({ dagVersion })}
        />
      </>
    )
  if (kind === 'approval') return <OfApproval {...{ node, change, problem }} />
  if (kind === 'wait') return <OfWait {...{ node, change, problem, words }} />
  return (
    <RefSelect
      kind="task"
      label={t('task')}
      description={t('taskHint')}
      value={node.task ?? null}
      error={problem('/task')}
      onChange={(task) => change({ ...NO_KIND, forEach: node.forEach, task })}
    />
  )
}

function OfApproval({ node, change, problem }: Pick<OfKindProps, 'node' | 'change' | 'problem'>) {
  const t = useTexts(editorTexts)
  const approval = node.approval ?? {}
  const set = (changes: object) =>
    change({
      approval: Object.fromEntries(Object.entries({ ...approval, ...changes }).filter(([, value]) => value !== undefined)),
    })
  return (
    <>
      <LeavingInput
        label={t('prompt')}
        value={approval.prompt ?? ''}
        error={problem('/approval/prompt')}
        onLeave={(prompt) => set({ prompt: prompt === '' ? undefined : prompt })}
      />
      <LeavingInput
        lines
        label={t('roles')}
        value={approval.roles?.join('\n') ?? ''}
        error={problem('/approval/roles')}
        onLeave={(text) => {
          const roles = text.split('\n').map((line) => line.trim()).filter((line) => line !== '') // prettier-ignore
          set({ roles: roles.length === 0 ? undefined : roles })
        }}
      />
      <NumberInput
        label={t('approvalTimeout')}
        value={approval.timeoutMs}
        error={problem('/approval/timeoutMs')}
        onLeave={(timeoutMs) => set({ timeoutMs })}
      />
    </>
  )
}

function OfWait({ node, change, problem, words }: Pick<OfKindProps, 'node' | 'change' | 'problem' | 'words'>) {
  const t = useTexts(editorTexts)
  const wait = node.wait ?? {}
  const what = wait.event ? 'event' : wait.until === undefined ? 'ms' : 'until'
  const starts = { ms: { ms: 60_000 }, until: { until: 'run.fireAt' }, event: { event: { name: 'event', key: 'run.key' } } }
  return (
    <>
      <Select
        label={t('waitFor')}
        data={[
          { value: 'ms', label: t('waitMs') },
          { value: 'until', label: t('waitUntil') },
          { value: 'event', label: t('waitEvent') },
        ]}
        value={what}
        allowDeselect={false}
        error={problem('/wait')}
        onChange={(next) => next !== null && next !== what && change({ wait: starts[next as keyof typeof starts] })}
      />
      {what === 'ms' && (
        <NumberInput
          label={t('waitMs')}
          value={wait.ms}
          onLeave={(ms) => change({ wait: { ms: ms ?? 0 } })}
          error={problem('/wait/ms')}
        />
      )}
      {what === 'until' && (
        <ExpressionField
          label={t('waitUntil')}
          words={words}
          value={wait.until ?? ''}
          onChange={(until) => change({ wait: { until: until === '' ? 'run.fireAt' : until } })}
          error={problem('/wait/until')}
        />
      )}
      {wait.event && (
        <>
          <LeavingInput
            label={t('eventName')}
            value={wait.event.name}
            onLeave={(name) => name !== '' && change({ wait: { event: { ...wait.event, name } } })}
          />
          <ExpressionField
            label={t('eventKey')}
            words={words}
            value={wait.event.key}
            error={problem('/wait/event/key')}
            onChange={(key) => key !== '' && change({ wait: { event: { ...wait.event, key } } })}
          />
        </>
      )}
    </>
  )
}

/** By the schema of what the node runs. Nothing is required here: what is left out comes from the task. */
function Params({ node, change, problems }: { node: NodeDefinition; change: Change; problems: readonly EditorProblem[] }) {
  const t = useTexts(editorTexts)
  const { api, code: tenant } = useTenant()
  const schema = useQuery({
    queryKey: ['tasks', tenant, node.task, 'schema'],
    queryFn: async () => {
      const task = await api.tasks.get({ params: { task: node.task! } })
      const type = await api.taskTypes.get({ params: { type: task.type.id } })
      return type.paramsSchema
    },
    enabled: node.task !== undefined,
    retry: false,
  })
  const { required: _, ...optional } = (schema.data ?? {}) as Record<string, unknown>
  return (
    <Fieldset legend={t('params')} style={{ borderColor: 'var(--hairline)' }}>
      <Text size="xs" c="dimmed" mb="xs">
        {t('paramsHint', { template: '${{ nodes.a.output }}' })}
      </Text>
      <ParamsEditor
        key={`${node.code} ${node.task ?? ''} ${schema.isSuccess}`}
        label={t('params')}
        schema={schema.data ? optional : null}
        value={node.params ?? {}}
        onChange={(params) => change({ params: isEmpty(params) ? undefined : params })}
        problems={problems
          .filter(({ path }) => path.startsWith('/params'))
          .map(({ path, message }) => ({ path: path.slice('/params'.length), message }))}
      />
    </Fieldset>
  )
}

const isEmpty = (value: unknown) => typeof value === 'object' && value !== null && Object.keys(value).length === 0

function Edges({ node, definition, onSelectEdge, onConnect }: NodeInspectorProps) {
  const t = useTexts(editorTexts)
  const touching = definition.edges.filter(({ from, to }) => from === node.code || to === node.code)
  return (
    <Fieldset legend={t('edges')} style={{ borderColor: 'var(--hairline)' }}>
      <Stack gap={4} align="flex-start">
        {touching.map((edge) => (
          <Button
            key={`${edge.from} ${edge.to}`}
            variant="subtle"
            size="compact-sm"
            leftSection={<Spline size={14} aria-hidden />}
            onClick={() => onSelectEdge(edge)}
            styles={{ label: { whiteSpace: 'normal', textAlign: 'left' }, root: { height: 'auto', minHeight: 26 } }}
          >
            {edge.from === node.code ? t('leadsTo', { code: edge.to }) : t('comesFrom', { code: edge.from })}
            {edge.condition === undefined ? '' : `: ${edge.condition}`}
          </Button>
        ))}
        <Button variant="default" size="compact-sm" onClick={onConnect}>
          {t('connect')} …
        </Button>
      </Stack>
    </Fieldset>
  )
}

interface LeavingInputProps {
  readonly label: string
  readonly description?: string
  readonly value: string
  readonly error?: string | undefined
  readonly lines?: boolean
  /** false: it stays as it was typed. */
  readonly onLeave: (text: string) => unknown
}

/** A text that becomes an edit when the field is left or Enter pressed, so that undo takes back a word and not a letter. */
export function LeavingInput({ value, onLeave, lines, ...rest }: LeavingInputProps) {
  const [typed, setTyped] = useState<string | null>(null)
  const leave = () => {
    if (typed === null) return
    if (typed === value || onLeave(typed) !== false) setTyped(null)
  }
  const common = {
    ...rest,
    value: typed ?? value,
    onChange: ({ currentTarget }: { currentTarget: { value: string } }) => setTyped(currentTarget.value),
    onBlur: leave,
  }
  if (lines) return <Textarea {...common} autosize minRows={2} />
  return <TextInput {...common} onKeyDown={(event) => event.key === 'Enter' && leave()} />
}

interface NumberInputProps {
  readonly label: string
  readonly value: number | undefined
  readonly error?: string | undefined
  readonly onLeave: (value: number | undefined) => void
}

function NumberInput({ value, onLeave, ...rest }: NumberInputProps) {
  return (
    <LeavingInput
      {...rest}
      value={value === undefined ? '' : String(value)}
      onLeave={(text) => {
        const number = Number(text)
        if (text.trim() !== '' && !Number.isSafeInteger(number)) return false
        onLeave(text.trim() === '' ? undefined : number)
        return true
      }}
    />
  )
}
