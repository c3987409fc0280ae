import { useEffect, useRef } from 'react'
import { say } from '../../../app/Notice.tsx'
import { useTexts } from '../../../i18n/texts.ts'
import { copied, pasted } from './document.ts'
import type { Draft } from './Draft.ts'
import { editorTexts } from './text.ts'
import type { Editing } from './use-editing.ts'

/** Undo, redo, copy and paste anywhere on the page but in fields, which have their own. */
export function useCommands(draft: Draft, editing: Editing): void {
  const t = useTexts(editorTexts)
  const latest = useRef(editing)
  latest.current = editing
  useEffect(() => {
    const stop = new AbortController()
    const inField = (target: EventTarget | null) =>
      target instanceof HTMLElement && target.closest('input, textarea, [contenteditable], [role="dialog"]') !== null
    const on = <K extends keyof DocumentEventMap>(type: K, listener: (event: DocumentEventMap[K]) => void) =>
      document.addEventListener(type, (event) => inField(event.target) || listener(event), { signal: stop.signal })
    on('keydown', (event) => {
      if (!event.ctrlKey && !event.metaKey) return
      const key = event.key.toLowerCase()
      const redo = key === 'y' || (key === 'z' && event.shiftKey)
      if (key !== 'z' && !redo) return
      event.preventDefault()
      if (redo) draft.redo()
      else draft.undo()
    })
    on('copy', (event) => {
      const { definition, chosen } = latest.current
      if (chosen.length === 0 || String(document.getSelection()) !== '') return
      event.preventDefault()
      event.clipboardData?.setData('text/plain', copied(definition, chosen))
      say(t('copiedNodes', { count: chosen.length }))
    })
    on('paste', (event) => {
      const edit = pasted(event.clipboardData?.getData('text/plain') ?? '', latest.current.definition)
      if (!edit) return
      event.preventDefault()
      latest.current.paste(edit)
    })
    return () => stop.abort()
  }, [draft, t])
}
