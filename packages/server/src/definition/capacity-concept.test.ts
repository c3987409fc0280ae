import { readFileSync } from 'node:fs'
import { definitionDocumentSchema } from '@carillon/contract'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { expect, test } from 'vitest'
import { parse } from 'yaml'
import { capacityProblems } from './app.ts'

const page = readFileSync(new URL('../../../../docs/concepts/capacity.md', import.meta.url), 'utf8')

test('the example of the concept page can be applied', () => {
  const document = parse(/```yaml\n([^]*?)```/.exec(page)![1]!)
  const valid = new Ajv2020({ strict: false }).compile(definitionDocumentSchema())
  expect([valid(document), valid.errors]).toEqual([true, null])
  expect(capacityProblems(document.capacity, false)).toEqual([])
})
