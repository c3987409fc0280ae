import type { Nodes } from '@carillon/contract'
import { useQueryClient } from '@tanstack/react-query'
import { platformApi } from '../../api/session.ts'
import { ConfirmDialog } from '../../components/ConfirmDialog.tsx'
import { useTexts } from '../../i18n/texts.ts'
import { nodesTexts } from './text.ts'

export const ORDERS = ['start', 'stop', 'drain'] as const
type Order = (typeof ORDERS)[number]

/** The state that each leads to. */
export const ORDERED = { start: 'RUNNING', stop: 'STOPPED', drain: 'DRAINING' } as const

export interface Control {
  readonly order: Order
  /** null: all. */
  readonly node: Pick<Nodes['nodes'][number], 'id' | 'name'> | null
}

/** Says what becomes of fires, of what waits and of what runs, before a node or all of them are told so. */
export function ControlDialog({ control: { order, node }, onClose }: { control: Control; onClose: () => void }) {
  const t = useTexts(nodesTexts)
  const client = useQueryClient()
  return (
    <ConfirmDialog
      opened
      onClose={onClose}
      title={node === null ? t(`${order}AllTitle`) : t(`${order}NodeTitle`, { name: node.name })}
      confirm={node === null ? t(`${order}All`) : t(order)}
      danger={order !== 'start'}
      onConfirm={async () => {
        await (node === null ? platformApi.scheduler[order]() : tellNode(order, node.id))
        await client.invalidateQueries({ queryKey: ['nodes'] })
      }}
    >
      {t(node === null ? `${order}AllHint` : `${order}NodeHint`)}
    </ConfirmDialog>
  )
}

function tellNode(order: Order, node: string): Promise<unknown> {
  const { startNode, stopNode, drainNode } = platformApi.scheduler
  return { start: startNode, stop: stopNode, drain: drainNode }[order]({ params: { node } })
}
