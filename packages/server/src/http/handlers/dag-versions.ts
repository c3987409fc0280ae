import {
  DEFAULT_LIMIT,
  type DagVersion,
  type DagVersionDiff,
  type DagVersionHead,
  type dagVersionRoutes,
} from '@carillon/contract'
import { diffDefinitions, formatDiff, isSameMeaning } from '@carillon/core'
import { activateVersion, archiveVersion } from '../../definition/dag-traffic.ts'
import { createVersion, deleteVersion, findDagVersion, updateVersion, versionProblems } from '../../definition/dag-version.ts'
import { DAG } from '../../definition/dag.ts'
import { dryRun, findRunnable } from '../../definition/dry-run.ts'
import { listVersions, type DagVersionHead as HeadRow, type DagVersionRow } from '../../storage/dag-version.ts'
import type { Handlers } from '../context.ts'
import { answering, findIn } from './objects.ts'

export const dagVersionHandlers: Handlers<typeof dagVersionRoutes> = {
  list: ({ params, query: { limit = DEFAULT_LIMIT, cursor, ...filters } }, { read, tenantId }) =>
    read(async (tx) => {
      const { id } = await findIn(tx, tenantId, DAG, params.dag)
      const page = await listVersions(tx, tenantId, { order: 'newest', limit, cursor, filters: { ...filters, dag: id } })
      return { items: page.items.map(headOf), nextCursor: page.nextCursor }
    }),
  create: ({ params, body }, context) => context.change((edit) => answering(createVersion(edit, params.dag, body), viewOf)),
  get: ({ params }, { read, tenantId }) =>
    read(async (tx) => viewOf((await findDagVersion(tx, tenantId, params.dag, params.number)).version)),
  update: ({ params, body }, context) =>
    context.change((edit) => answering(updateVersion(edit, params.dag, params.number, body), viewOf)),
  remove: ({ params }, context) => context.change((edit) => deleteVersion(edit, params.dag, params.number)),
  validate: ({ params }, { read, tenantId, principal: { role }, services: { limits } }) =>
    read(async (tx) => {
      const { dag, version } = await findDagVersion(tx, tenantId, params.dag, params.number)
      const problems = await versionProblems({ tx, tenantId, role, limits }, dag, version.definition)
      return { valid: problems.length === 0, problems: problems.map((problem) => ({ ...problem })) }
    }),
  diff: ({ params: { dag, number }, query: { from } }, { read, tenantId }) =>
    read(async (tx) => {
      const [before, after] = [await findDagVersion(tx, tenantId, dag, from), await findDagVersion(tx, tenantId, dag, number)]
      const diff = diffDefinitions(before.version.definition, after.version.definition)
      return { from, to: number, same: isSameMeaning(diff), text: formatDiff(diff), ...diff } as unknown as DagVersionDiff
    }),
  dryRun: async ({ params, body }, { read, tenantId, services: { limits } }) => {
    const runnable = await read((tx) => findRunnable({ tx, tenantId, limits }, params.dag, params.number))
    const { state, output, outputProblem, nodes, endedAt } = await dryRun(runnable, body, limits)
    return {
      state,
      output,
      outputProblem,
      endedAt,
      nodes: nodes.map(({ instances: _, problems, ...node }) => ({ ...node, problems: [...problems] })),
    }
  },
  activate: ({ params, body }, context) =>
    context.change((edit) => answering(activateVersion(edit, params.dag, params.number, body), viewOf)),
  archive: ({ params }, context) => context.change((edit) => answering(archiveVersion(edit, params.dag, params.number), viewOf)),
}

export function headOf({ dagId: _, planId: __, ...head }: HeadRow): DagVersionHead {
  return head
}

function viewOf({ dagId: _, planId: __, ...row }: DagVersionRow): DagVersion {
  return row as DagVersion
}
