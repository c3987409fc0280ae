import type { Point } from '../../../components/dag-graph/model.ts'

/** What a key on the graph asks for. */
export type KeyCommand =
  | { readonly kind: 'NUDGE'; readonly by: Point }
  | { readonly kind: 'SELECT_ALL' | 'DUPLICATE' | 'ADD' | 'CONNECT' | 'INSPECT' | 'LAY_OUT' | 'REMOVE' }

export interface Key {
  readonly key: string
  readonly altKey: boolean
  readonly ctrlKey: boolean
  readonly metaKey: boolean
}

const STEP = 20
const NUDGES: Readonly<Record<string, Point>> = {
  ArrowLeft: { x: -STEP, y: 0 },
  ArrowRight: { x: STEP, y: 0 },
  ArrowUp: { x: 0, y: -STEP },
  ArrowDown: { x: 0, y: STEP },
}
const WITH_COMMAND = { a: 'SELECT_ALL', d: 'DUPLICATE' } as const
const ALONE = { a: 'ADD', c: 'CONNECT', e: 'INSPECT', l: 'LAY_OUT', delete: 'REMOVE', backspace: 'REMOVE' } as const

/** null: the key is somebody else's. */
export function commandOf({ key, altKey, ctrlKey, metaKey }: Key): KeyCommand | null {
  const by = altKey ? NUDGES[key] : undefined
  if (by) return { kind: 'NUDGE', by }
  const command = ctrlKey || metaKey
  if (altKey && !command) return null
  const table: Readonly<Record<string, Exclude<KeyCommand['kind'], 'NUDGE'>>> = command ? WITH_COMMAND : ALONE
  const name = key.toLowerCase()
  return Object.hasOwn(table, name) ? { kind: table[name]! } : null
}
