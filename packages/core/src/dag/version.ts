/** DRAFT: may be edited, does not run. ACTIVE: takes traffic, all of it or a share. ARCHIVED: took traffic once, may be activated again. */
export const DAG_VERSION_STATES = ['DRAFT', 'ACTIVE', 'ARCHIVED'] as const
export type DagVersionState = (typeof DAG_VERSION_STATES)[number]
