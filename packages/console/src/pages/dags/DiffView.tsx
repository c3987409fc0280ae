import type { DagDefinition } from '@carillon/core'
import { Badge, Button, Code, Group, Paper, Stack, Text, UnstyledButton } from '@mantine/core'
import { ChevronLeft, ChevronRight } from 'lucide-react'
import { useMemo, useState } from 'react'
import { DagGraph } from '../../components/dag-graph/DagGraph.tsx'
import { NOTHING_SELECTED, selectEdge, selectNode, type GraphSelection } from '../../components/dag-graph/model.ts'
import { Loading } from '../../components/DataTable.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { changesOf, mergedGraph, type Change } from './diff-graph.ts'
import { useCore } from './editor/core.ts'
import { dagsTexts } from './text.ts'

interface DiffViewProps {
  readonly before: DagDefinition
  readonly after: DagDefinition
  readonly height?: number
}

/** What turns one definition into another: drawn in one graph, and as a list of fields. */
export function DiffView({ before, after, height = 360 }: DiffViewProps) {
  const t = useTexts(dagsTexts)
  const core = useCore()
  const diff = useMemo(() => core?.diffDefinitions(before, after), [core, before, after])
  const graph = useMemo(() => diff && mergedGraph(before, after, diff), [diff, before, after])
  const changes = useMemo(() => (diff ? changesOf(diff) : []), [diff])
  const [at, setAt] = useState<number | null>(null)
  if (!diff || !graph) return <Loading />
  const go = (step: number) => setAt(((at ?? (step > 0 ? -1 : 0)) + step + changes.length) % changes.length)
  const select = ({ nodes, edge }: GraphSelection) => {
    const found = changes.findIndex(
      (change) =>
        (change.node !== undefined && change.node === nodes.at(-1)) ||
        (edge !== null && change.edge?.from === edge.from && change.edge.to === edge.to),
    )
    setAt(found === -1 ? null : found)
  }
  return (
    <Stack gap="sm">
      <DagGraph
        label={t('diffGraph')}
        height={height}
        nodes={graph.nodes}
        edges={graph.edges}
        selection={selectionOf(at === null ? undefined : changes[at])}
        onSelect={select}
      />
      {changes.length === 0 ? (
        <Text>{t('same')}</Text>
      ) : (
        <Group gap="xs">
          <Button size="compact-sm" variant="default" leftSection={<ChevronLeft size={14} aria-hidden />} onClick={() => go(-1)}>
            {t('previousChange')}
          </Button>
          <Button size="compact-sm" variant="default" rightSection={<ChevronRight size={14} aria-hidden />} onClick={() => go(1)}>
            {t('nextChange')}
          </Button>
        </Group>
      )}
      {changes.map((change, index) => (
        <One key={`${change.kind} ${nameOf(change)}`} change={change} open={index === at} onClick={() => setAt(index)} />
      ))}
      {diff.nodes.moved.length > 0 && (
        <Text size="sm" c="dimmed" className="foreign">
          {t('moved', { codes: diff.nodes.moved.join(', ') })}
        </Text>
      )}
    </Stack>
  )
}

const nameOf = ({ node, edge }: Change) => node ?? (edge ? `${edge.from} → ${edge.to}` : '')

function selectionOf(change: Change | undefined): GraphSelection {
  if (change?.node !== undefined) return selectNode(change.node)
  return change?.edge ? selectEdge(change.edge) : NOTHING_SELECTED
}

const TONES = { added: 'success', removed: 'failed', changed: 'retrying' } as const
const SIGNS = { added: '+', removed: '−', changed: '≠' } as const

function One({ change, open, onClick }: { change: Change; open: boolean; onClick: () => void }) {
  const t = useTexts(dagsTexts)
  const tone = TONES[change.kind]
  return (
    <Paper withBorder p="xs" style={{ borderColor: open ? 'var(--mantine-color-anchor)' : 'var(--hairline)' }}>
      <UnstyledButton onClick={onClick} style={{ width: '100%' }}>
        <Group gap="xs" wrap="nowrap">
          <Badge
            variant="outline"
            tt="none"
            style={{ color: `var(--state-${tone})`, borderColor: `var(--state-${tone})`, flex: 'none' }}
          >
            {SIGNS[change.kind]} {t(change.kind)}
          </Badge>
          <Text fw={600} className="foreign">
            {nameOf(change) || t('ofDefinition')}
          </Text>
        </Group>
      </UnstyledButton>
      {change.fields.map(({ path, before, after }) => (
        <Group key={path} gap="xs" mt={4} align="flex-start" pl="xs">
          <Code style={{ overflowWrap: 'anywhere' }}>{path}</Code>
          <Text size="sm" className="foreign" style={{ minWidth: 0 }}>
            {before !== undefined && (
              <>
                <del>{shown(before)}</del> {after !== undefined && '→ '}
              </>
            )}
            {after !== undefined && <ins style={{ textDecoration: 'none', fontWeight: 600 }}>{shown(after)}</ins>}
          </Text>
        </Group>
      ))}
    </Paper>
  )
}

const LONGEST = 400

function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? ''
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text
}
