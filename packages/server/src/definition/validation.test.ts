import { callbackRoutes, executorRoutes, LiveRequest, routes, type Route } from '@carillon/contract'
import { expect, test } from 'vitest'
import { createValidator } from './validation.ts'

const all: Route[] = [...Object.values(routes), executorRoutes, callbackRoutes].flatMap((group) => Object.values(group))
const parts = all.flatMap(({ method, path, params, query, body }) =>
  Object.entries({ params, querystring: query, body }).flatMap(([httpPart, schema]) =>
    schema === undefined ? [] : [{ name: `${httpPart} of ${method} ${path}`, httpPart, schema }],
  ),
)

// A validator is compiled when it is first called: what is wrong with a schema would come to light as somebody's request.
test.each([...parts, { name: 'a request for live data', httpPart: 'body', schema: LiveRequest }])(
  'the schema of $name can be compiled',
  ({ httpPart, schema }) => {
    expect(() => createValidator({ schema, httpPart })({})).not.toThrow()
  },
)

test('a validator says what its last call found, and nothing of the one before', () => {
  const validate = createValidator({ schema: { type: 'object', required: ['code'] }, httpPart: 'body' })
  expect(validate({})).toBe(false)
  expect(validate.errors).toMatchObject([{ keyword: 'required' }])
  expect(validate({ code: 'x' })).toBe(true)
  expect(validate.errors).toBeNull()
})
