import { expect, test } from 'vitest'
import { table, type Column } from './table.ts'
import { recorder } from './testing/run.ts'

interface Row {
  readonly code: string
  readonly name: string
  readonly runs: number
}

const columns: readonly Column<Row>[] = [
  { title: 'CODE', text: (row) => row.code },
  { title: 'NAME', text: (row) => row.name },
  { title: 'RUNS', text: (row) => String(row.runs), align: 'right' },
]
const rows: readonly Row[] = [
  { code: 'nightly', name: '每天的报表', runs: 7 },
  { code: 'x', name: 'A name', runs: 1200 },
]

test('columns stand below each other, whatever letters they hold', () => {
  expect(table(recorder().terminal, columns, rows)).toBe(
    ['CODE     NAME        RUNS', 'nightly  每天的报表     7', 'x        A name      1200'].join('\n'),
  )
})

test('a pipe gets everything, a narrow terminal loses the end of the widest column', () => {
  const long = [{ code: 'a', name: 'n'.repeat(100), runs: 1 }]
  expect(table(recorder().terminal, columns, long)).toContain('n'.repeat(100))
  const narrow = table(recorder({ columns: 40 }).terminal, columns, long).split('\n')
  expect(narrow.every((line) => line.length <= 40)).toBe(true)
  expect(narrow[1]).toMatch(/n…\s+1$/)
})

test('a name cannot break the table or command the terminal', () => {
  const evil = table(recorder().terminal, columns, [{ code: 'a', name: 'two\nlines \x1b[2J', runs: 1 }])
  expect(evil).toContain('two lines �[2J')
})

test('only the cells of a styled column are painted', () => {
  const painted: Column<Row>[] = [...columns.slice(0, 1), { title: 'NAME', text: (row) => row.name, style: () => 'red' }]
  const terminal = { columns: null, paint: (style: string, text: string) => `<${style}>${text.trimEnd()}</>` }
  expect(table(terminal, painted, [rows[1]!])).toBe('<bold>CODE</>  <bold>NAME</>\nx     <red>A name</>')
})
