/**
 * Also on plain `http://`, where browsers have no clipboard API: there by a selected text field, inside the topmost dialog, as one that
 * holds the focus would take the selection back.
 */
export function copyText(text: string): boolean {
  if (window.isSecureContext) {
    void navigator.clipboard.writeText(text)
    return true
  }
  const focused = document.activeElement as HTMLElement | null
  const field = document.createElement('textarea')
  field.value = text
  field.style.position = 'fixed'
  field.style.opacity = '0'
  const parent = document.querySelector('[role=dialog]:last-of-type') ?? document.body
  parent.append(field)
  field.select()
  const done = document.execCommand('copy')
  field.remove()
  focused?.focus()
  return done
}
