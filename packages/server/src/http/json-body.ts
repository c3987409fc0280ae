import { CarillonError, findUnsafeInteger, unsafeIntegerMessage } from '@carillon/core'
import type { FastifyInstance } from 'fastify'
import { invalid } from '../definition/invalid.ts'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What comes here is a result, which must not be lost over a number: an integer that is too large is rounded. */
    roundsIntegers?: boolean
  }
}

/**
 * Reads JSON bodies as the server itself would, and says what it refuses. Keys that reach an object's prototype are refused and not just
 * dropped: what was meant by them cannot be known, and a copy of such an object would inherit what it should hold.
 */
export function readJsonBodies(app: FastifyInstance): void {
  const parse = app.getDefaultJsonParser('error', 'error')
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, text: string, done) =>
    parse(request, text, (error, body) => {
      if (isInvalid(error)) done(explain(text))
      else done(error ?? (request.routeOptions.config?.roundsIntegers ? null : roundedIn(text)), body)
    }),
  )
}

function roundedIn(text: string): CarillonError | null {
  const found = findUnsafeInteger(text)
  return found && invalid(`/body${found.path}`, unsafeIntegerMessage(found))
}

function isInvalid(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === 'FST_ERR_CTP_INVALID_JSON_BODY'
}

function explain(text: string): CarillonError {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    return new CarillonError('MALFORMED_REQUEST', `The body is not valid JSON: ${(error as Error).message.slice(0, 200)}.`)
  }
  const path = findPrototypeKey(value) ?? '/body'
  return invalid(
    path,
    'is not allowed as a key: it means the prototype of the object, not one of its fields; choose another name',
  )
}

/** Where the first `__proto__`, or `prototype` of a `constructor`, stands. A list of its own instead of recursion: the depth is the sender's. */
function findPrototypeKey(body: unknown): string | null {
  const open = [{ value: body, path: '/body', underConstructor: false }]
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    const { value, path, underConstructor } = item
    if (typeof value !== 'object' || value === null) continue
    for (const [key, child] of Object.entries(value)) {
      const childPath = `${path}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`
      if (key === '__proto__' || (underConstructor && key === 'prototype')) return childPath
      open.push({ value: child, path: childPath, underConstructor: key === 'constructor' })
    }
  }
  return null
}
