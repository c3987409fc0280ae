import type { DefinitionDocument } from '@carillon/contract'

/** As in examples/presets/push.yaml, which a test holds to it. */
export const PUSH: readonly DefinitionDocument[] = [
  {
    kind: 'Task',
    code: 'push.batches',
    type: 'platform.sql',
    params: {
      source: '${{ secrets.push-database }}',
      statement:
        "select json_agg(json_build_object('to', address, 'data', json_build_object('name', name)) order by address) as recipients\nfrom (select *, (row_number() over (order by address) - 1) / 100 as batch from subscribers) numbered\ngroup by batch order by batch\n",
    },
  },
  {
    kind: 'Task',
    code: 'push.mail',
    type: 'platform.email',
    params: {
      smtp: '${{ secrets.push-smtp }}',
      from: 'news@shop.test',
      to: ['nobody@shop.test'],
      subject: 'Hello {{name}}',
      text: 'Dear {{name}}, {{news}}',
    },
  },
  {
    kind: 'Task',
    code: 'push.inbox',
    type: 'platform.inbox',
    params: {
      source: '${{ secrets.push-database }}',
      table: 'inbox',
      to: ['nobody@shop.test'],
      subject: 'Hello {{name}}',
      text: '{{news}}',
    },
  },
  {
    kind: 'Dag',
    code: 'push.news',
    name: 'News to all subscribers',
    params: {
      news: 'the shop is open again.',
    },
    nodes: [
      {
        code: 'batches',
        task: 'push.batches',
      },
      {
        code: 'mail',
        task: 'push.mail',
        forEach: {
          items: 'nodes.batches.output.rows',
          maxParallel: 2,
        },
        params: {
          to: '${{ item.recipients }}',
          data: {
            news: '${{ params.news }}',
          },
        },
      },
      {
        code: 'inbox',
        task: 'push.inbox',
        forEach: {
          items: 'nodes.batches.output.rows',
          maxParallel: 2,
        },
        params: {
          to: '${{ item.recipients }}',
          data: {
            news: '${{ params.news }}',
          },
        },
      },
    ],
    edges: [
      {
        from: 'batches',
        to: 'mail',
      },
      {
        from: 'batches',
        to: 'inbox',
      },
    ],
  },
]
