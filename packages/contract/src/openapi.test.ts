import { expect, test } from 'vitest'
import { callbackRoutes } from './callback.ts'
import { executorRoutes } from './executor-protocol.ts'
import { openApiDocument } from './openapi.ts'
import { routes } from './routes.ts'

const document = openApiDocument() as {
  openapi: string
  paths: Record<string, Record<string, { operationId: string; parameters: { $ref?: string; in?: string; name?: string }[] }>>
  components: Record<string, Record<string, unknown>>
}

test('the committed document is in step with the routes (vitest -u writes it)', async () => {
  await expect(`${JSON.stringify(document, null, 1)}\n`).toMatchFileSnapshot('../openapi.json')
})

test('every route is an operation with an identifier of its own', () => {
  const all = [...Object.values(routes), executorRoutes, callbackRoutes].flatMap((group) => Object.values(group))
  const operations = Object.values(document.paths).flatMap((path) => Object.values(path))
  expect(operations).toHaveLength(all.length)
  expect(new Set(operations.map(({ operationId }) => operationId)).size).toBe(all.length)
})

test('every parameter in a path is described', () => {
  for (const [path, methods] of Object.entries(document.paths)) {
    const inPath = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    for (const { parameters } of Object.values(methods)) {
      expect(parameters.filter((each) => each.in === 'path').map((each) => each.name)).toEqual(inPath)
    }
  }
})

test('every reference leads somewhere', () => {
  const references = [...JSON.stringify(document).matchAll(/"\$ref":"#\/components\/(\w+)\/(\w+)"/g)]
  expect(references.length).toBeGreaterThan(50)
  for (const [, kind, name] of references) expect(document.components[kind!]).toHaveProperty(name!)
})
