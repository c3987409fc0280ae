import type { DagDefinition } from '@carillon/core'
import { applyEdit, type Edit } from './document.ts'

/** What was edited, step by step, from a definition on. `at` of the edits hold; the rest was undone and can be done again. */
export interface History {
  readonly base: DagDefinition
  readonly edits: readonly Edit[]
  readonly at: number
  /** The definition after each number of edits: `states[at]` is what is shown. */
  readonly states: readonly DagDefinition[]
}

export const startHistory = (base: DagDefinition): History => ({ base, edits: [], at: 0, states: [base] })

export const present = ({ states, at }: History): DagDefinition => states[at]!

export function edited(history: History, edit: Edit): History {
  const edits = [...history.edits.slice(0, history.at), edit]
  return {
    ...history,
    edits,
    at: edits.length,
    states: [...history.states.slice(0, history.at + 1), applyEdit(present(history), edit)],
  }
}

export const undone = (history: History): History => (history.at === 0 ? history : { ...history, at: history.at - 1 })
export const redone = (history: History): History =>
  history.at === history.edits.length ? history : { ...history, at: history.at + 1 }

/** What undo and redo would do, for their labels. */
export const nextUndo = ({ edits, at }: History): Edit | null => edits[at - 1] ?? null
export const nextRedo = ({ edits, at }: History): Edit | null => edits[at] ?? null

/** From what was kept: the edits are done again one by one, so undo works as before. */
export function restored({ base, edits, at }: Pick<History, 'base' | 'edits' | 'at'>): History {
  const history = edits.reduce(edited, startHistory(base))
  return { ...history, at: Math.min(at, history.edits.length) }
}
