import type { DefinitionDocument } from '@carillon/contract'

/** As in examples/presets/sync.yaml, which a test holds to it. */
export const SYNC: readonly DefinitionDocument[] = [
  {
    kind: 'Task',
    code: 'sync.customers',
    type: 'platform.sync',
    params: {
      from: '${{ secrets.sync-source }}',
      to: '${{ secrets.sync-target }}',
      table: 'customers',
      key: 'id',
      columns: ['name', 'balance', 'active', 'note', 'changed_at'],
      batchSize: 100,
    },
    policies: {
      shards: {
        mode: 'COUNT',
        total: 4,
      },
    },
  },
  {
    kind: 'Task',
    code: 'sync.count',
    type: 'platform.sql',
    params: {
      source: '${{ secrets.sync-target }}',
      statement: 'select count(*) as customers from customers',
    },
  },
  {
    kind: 'Dag',
    code: 'sync.nightly',
    name: 'Nightly synchronisation',
    nodes: [
      {
        code: 'copy',
        task: 'sync.customers',
      },
      {
        code: 'count',
        task: 'sync.count',
      },
    ],
    edges: [
      {
        from: 'copy',
        to: 'count',
      },
    ],
  },
]
