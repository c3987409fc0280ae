import Type from 'typebox'
import { route } from './route.ts'
import { strict } from './schema.ts'

export const eventRoutes = {
  deliver: route({
    method: 'POST',
    path: '/api/v1/events',
    access: 'run.trigger',
    tag: 'Events',
    summary: 'Tell the nodes that wait for it of an event; what it carries is their output',
    description:
      'Nodes hear of events that come while they wait. One that nobody waits for is answered with 0 nodes, and is not kept.',
    body: strict({
      name: Type.String({ minLength: 1, maxLength: 200 }),
      key: Type.String({ maxLength: 500, description: 'Nodes wait for a name and a key' }),
      payload: Type.Optional(Type.Unknown()),
    }),
    responses: { 200: strict({ nodes: Type.Integer({ description: 'How many waited for it' }) }) },
    idempotent: true,
    audit: 'event.deliver',
  }),
}
