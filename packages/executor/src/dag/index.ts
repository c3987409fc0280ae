export { defineDag, type Dag, type DagOptions, type DagSource } from './define-dag.ts'
export { expr, secret, type Templated, type TemplateText } from './expression.ts'
export type { After, NodeOptions, NodeParams } from './node-options.ts'
