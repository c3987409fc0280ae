/**
 * What is selected of a log's rows, with the line breaks that a row shows as marks; null: there are none, and what the browser copies is right.
 */
export function copiedText(selection: Selection | null): string | null {
  if (selection === null || selection.rangeCount === 0) return null
  const part = selection.getRangeAt(0).cloneContents()
  if (part.querySelector('[data-break]') === null) return null
  const rows = [...part.querySelectorAll('[data-line]')]
  return rows.length === 0
    ? (part.textContent ?? '')
    : rows.map((row) => row.querySelector('[data-text]')?.textContent ?? '').join('\n')
}
