import type { RunDetail } from '@carillon/contract'
import { Button, Group, Stack, Text } from '@mantine/core'
import { useDisclosure } from '@mantine/hooks'
import { useState } from 'react'
import { Loading } from '../../components/DataTable.tsx'
import { ErrorPanel } from '../../components/ErrorPanel.tsx'
import { JsonView } from '../../components/JsonView.tsx'
import { componentTexts } from '../../components/text.ts'
import { useTexts } from '../../i18n/texts.ts'
import type { NodeOutput } from './run-nodes.ts'
import { runTexts } from './run-text.ts'
import { useInstance } from './use-run.ts'

/** More are listed when asked for: a run may have thousands. */
const AT_ONCE = 20

/** What the nodes of a run made: the first stands open, the others are read when they are opened. */
export function Outputs({ run, outputs }: { run: RunDetail; outputs: readonly NodeOutput[] }) {
  const t = useTexts(runTexts)
  const c = useTexts(componentTexts)
  const [listed, setListed] = useState(AT_ONCE)
  if (outputs.length === 0) return <Text c="dimmed">{t('noOutput')}</Text>
  return (
    <Stack gap="xs">
      {outputs.slice(0, listed).map((output, index) => (
        <One key={output.instance} run={run} output={output} first={index === 0} />
      ))}
      {outputs.length > listed && (
        <Button variant="default" onClick={() => setListed(listed + AT_ONCE)}>
          {c('loadMore')}
        </Button>
      )}
    </Stack>
  )
}

function One({ run, output: { instance, name, element }, first }: { run: RunDetail; output: NodeOutput; first: boolean }) {
  const t = useTexts(runTexts)
  const [opened, { toggle }] = useDisclosure(first)
  const of = element === null ? name : `${name} · ${t('element', { number: element + 1 })}`
  const label = t('outputOf', { node: of })
  return (
    <div>
      <Group gap="sm" mb={4}>
        <Button
          size="compact-sm"
          variant="default"
          onClick={toggle}
          aria-expanded={opened}
          aria-label={`${t(opened ? 'hideOutput' : 'showOutput')}: ${label}`}
        >
          {t(opened ? 'hideOutput' : 'showOutput')}
        </Button>
        <Text size="sm" className="foreign">
          {of}
        </Text>
      </Group>
      {opened && <Value id={instance} run={run} label={label} />}
    </div>
  )
}

function Value({ id, run, label }: { id: number; run: RunDetail; label: string }) {
  const instance = useInstance(id, run)
  if (instance.data?.id === id) return <JsonView value={instance.data.output} label={label} />
  return instance.error === null ? <Loading /> : <ErrorPanel error={instance.error} retry={() => void instance.refetch()} />
}
