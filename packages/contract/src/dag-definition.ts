import Type, { type Static } from 'typebox'
import { LONGEST_DAG_EXPRESSION, MOST_EDGES, MOST_ELEMENTS, MOST_NODES, ROLES, TRIGGER_RULES } from '@carillon/core'
import { NodePolicies } from './policy.ts'
import { Code, JsonObject, Name, Text, choice, optional, strict } from './schema.ts'

/** The definition of a DAG on the wire. What its fields mean stands with the types in `core/dag/definition.ts`. */
export const LONGEST_WAIT_MS = 366 * 86_400_000

export const NodeCode = Type.String({
  pattern: '^[a-zA-Z][a-zA-Z0-9_-]{0,62}$',
  description: 'A letter, then letters, digits, "_" and "-"; at most 63. Unique in its DAG',
  examples: ['extract'],
})

export const DagExpression = Type.String({ minLength: 1, maxLength: LONGEST_DAG_EXPRESSION, description: 'An expression (CEL)' })
const Wait = Type.Integer({ minimum: 0, maximum: LONGEST_WAIT_MS, description: 'Milliseconds' })

const Approval = strict(
  optional({
    roles: Type.Array(choice(ROLES), { minItems: 1, maxItems: ROLES.length, uniqueItems: true }),
    prompt: Text(2000),
    timeoutMs: Wait,
  }),
)

const WaitFor = strict(
  optional({
    ms: Wait,
    until: DagExpression,
    event: strict({
      name: Type.String({ minLength: 1, maxLength: 200 }),
      key: DagExpression,
      timeoutMs: Type.Optional(Wait),
    }),
  }),
  { description: 'Exactly one of ms, until and event' },
)

const ForEach = strict({
  items: DagExpression,
  ...optional({
    maxParallel: Type.Integer({ minimum: 0, maximum: MOST_ELEMENTS, description: 'Elements at work at once; 0 = no limit' }),
    successShare: Type.Number({
      exclusiveMinimum: 0,
      maximum: 1,
      description: 'The node succeeds when at least this share of its elements does',
    }),
  }),
})

export const DagNode = strict(
  {
    code: NodeCode,
    ...optional({
      name: Name,
      task: Code,
      dag: Code,
      dagVersion: Type.Integer({ minimum: 1, maximum: 2_147_483_647 }),
      approval: Approval,
      wait: WaitFor,
      params: JsonObject,
      triggerRule: choice(TRIGGER_RULES),
      mayFail: Type.Boolean({ description: 'Its failure does not make the run fail' }),
      forEach: ForEach,
      ...NodePolicies,
      position: strict({ x: Type.Number(), y: Type.Number() }),
    }),
  },
  { description: 'Exactly one of task, dag, approval and wait says what it does' },
)
export type DagNode = Static<typeof DagNode>

export const DagEdge = strict({ from: NodeCode, to: NodeCode, condition: Type.Optional(DagExpression) })
export type DagEdge = Static<typeof DagEdge>

export const DagDefinition = strict({
  nodes: Type.Array(DagNode, { maxItems: MOST_NODES }),
  edges: Type.Array(DagEdge, { maxItems: MOST_EDGES }),
  ...optional({
    params: JsonObject,
    paramsSchema: JsonObject,
    output: Type.Unknown(),
    timeoutMs: NodePolicies.timeoutMs,
  }),
})
export type DagDefinitionView = Static<typeof DagDefinition>
