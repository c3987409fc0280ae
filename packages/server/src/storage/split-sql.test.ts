import { expect, test } from 'vitest'
import { splitSql } from './split-sql.ts'

const texts = (script: string): string[] => splitSql(script).map(({ sql }) => sql)

test('a script falls into its statements, whatever the space between them', () => {
  expect(texts('SELECT 1;\n\n;; SELECT 2')).toEqual(['SELECT 1', 'SELECT 2'])
})

test.each([
  ['a string', `SELECT 'a;''b;'`],
  ['an escape string', `SELECT E'a\\';b'`],
  ['a quoted name', `SELECT 1 AS "a;""b"`],
  ['a dollar-quoted body', 'DO $$ BEGIN PERFORM 1; END $$'],
  ['a tagged body with another inside', 'DO $a$ BEGIN EXECUTE $b$ SELECT 1; $b$; END $a$'],
  ['a line comment', 'SELECT 1 -- a; b\n + 2'],
  ['a block comment with another inside', 'SELECT /* a; /* b; */ c; */ 1'],
])('a semicolon inside %s ends nothing', (_, sql) => {
  expect(texts(`${sql};\nSELECT 'next'`)).toEqual([sql, `SELECT 'next'`])
})

test('a backslash is an ordinary letter in an ordinary string', () => {
  expect(texts(`SELECT 'a\\'; SELECT 'b'`)).toEqual([`SELECT 'a\\'`, `SELECT 'b'`])
})

test('a dollar inside a name, and a parameter, quote nothing', () => {
  expect(texts('SELECT a$b$ FROM t; SELECT $1; SELECT c$b$ FROM t')).toHaveLength(3)
})

test('each statement knows its line and the comments that stand before it', () => {
  const script = '-- online\n\n-- repeat\nUPDATE t\n  SET a = 1; -- after\nSELECT 2'
  expect(splitSql(script)).toEqual([
    { sql: 'UPDATE t\n  SET a = 1', comments: ['online', 'repeat'], line: 4 },
    { sql: 'SELECT 2', comments: ['after'], line: 6 },
  ])
})

test('comments alone are no statement', () => {
  expect(splitSql('-- transactional\n/* nothing; yet */\n')).toEqual([])
})
