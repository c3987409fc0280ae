import type { Finding } from '../bench.ts'

const HEADINGS = ['What', 'Figure', 'Target', 'Met', 'Note'] as const

/** The findings as a Markdown table. */
export function tableOf(findings: readonly Finding[]): string {
  const rows = findings.map(({ name, figure, target, note }) => [
    name,
    figure,
    target?.says ?? '',
    target === undefined ? '' : target.met ? 'yes' : 'NO',
    note ?? '',
  ])
  const widths = HEADINGS.map((heading, column) => Math.max(heading.length, ...rows.map((row) => row[column]!.length)))
  const line = (cells: readonly string[]) => `| ${cells.map((cell, column) => cell.padEnd(widths[column]!)).join(' | ')} |`
  return [line(HEADINGS), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n')
}
