import type { Translate } from '../../../i18n/texts.ts'
import type { Edit } from './document.ts'

type Word = 'undo' | 'redo' | 'undoNothing' | 'redoNothing' | Exclude<Edit['kind'], 'REPLACE'> | 'JSON' | 'MERGE'

/** What undoing or redoing would do: "Undo: add load". */
export function stepText(t: Translate<Word>, word: 'undo' | 'redo', step: Edit | null): string {
  return step === null ? t(`${word}Nothing`) : t(word, { what: describe(t, step) })
}

/** An edit in words: "add load". */
function describe(t: Translate<Word>, edit: Edit): string {
  switch (edit.kind) {
    case 'ADD_NODE':
      return t('ADD_NODE', { code: edit.node.code })
    case 'CHANGE_NODE':
      return t('CHANGE_NODE', { code: edit.code })
    case 'REMOVE':
      return t('REMOVE', { code: edit.nodes.length > 0 ? edit.nodes.join(', ') : `${edit.edge?.from} → ${edit.edge?.to}` })
    case 'ADD_EDGE':
    case 'CHANGE_EDGE':
      return t(edit.kind, { code: `${edit.edge.from} → ${edit.edge.to}` })
    case 'MOVE':
      return t('MOVE', { code: edit.places.map(([code]) => code).join(', ') })
    case 'PASTE':
      return t('PASTE', { code: edit.nodes.map(({ code }) => code).join(', ') })
    case 'REPLACE':
      return t(edit.why)
    case 'LAY_OUT':
    case 'SETTINGS':
      return t(edit.kind)
  }
}
