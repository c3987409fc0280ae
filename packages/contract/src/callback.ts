import Type, { type Static } from 'typebox'
import { route } from './route.ts'
import { choice, optional, strict, taggedUnion } from './schema.ts'

/** What ends an attempt that answered 202 and said it would call back. */
export const CallbackBody = taggedUnion('state', [
  strict({
    state: Type.Literal('SUCCESS'),
    output: Type.Optional(Type.Unknown({ description: 'The output of the instance' })),
  }),
  strict({
    state: Type.Literal('FAILED'),
    ...optional({
      error: strict({
        code: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
        message: Type.String({ maxLength: 10_000 }),
      }),
      retriable: Type.Boolean({ description: 'false: do not try again whatever the policy says' }),
    }),
  }),
])
export type CallbackBody = Static<typeof CallbackBody>

/** Apart from the API's routes: whoever has been given the address may call it, once, whichever tenant it belongs to. */
export const callbackRoutes = {
  complete: route({
    method: 'POST',
    path: '/callback/v1/:callback',
    access: 'public',
    tag: 'Callbacks',
    summary: 'End the attempt that gave out this address',
    description:
      'The address is the key: it is good for one attempt and one call. Another one, and one after the end of the attempt (time-out, cancel), is answered 409 and changes nothing.',
    params: strict({ callback: Type.String({ minLength: 1, maxLength: 100 }) }),
    body: CallbackBody,
    responses: { 200: strict({ state: choice(['SUCCESS', 'FAILED']) }) },
    mostBytes: 'result',
    unaudited: 'as executor traffic: the attempt that it ends is its record',
  }),
}
