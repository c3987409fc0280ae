import type { Client, DocumentKind } from '@carillon/contract'

/** Of each kind of document: what `get` calls its objects, and how one is deleted. */
export const DOCUMENT_OBJECTS: Readonly<
  Record<DocumentKind, { readonly name: string; remove(client: Client, code: string): Promise<unknown> }>
> = {
  App: { name: 'apps', remove: (client, app) => client.apps.remove({ params: { app } }) },
  TaskType: { name: 'task-types', remove: (client, type) => client.taskTypes.remove({ params: { type } }) },
  Task: { name: 'tasks', remove: (client, task) => client.tasks.remove({ params: { task } }) },
  Calendar: { name: 'calendars', remove: (client, calendar) => client.calendars.remove({ params: { calendar } }) },
  Dag: { name: 'dags', remove: (client, dag) => client.dags.remove({ params: { dag } }) },
  Schedule: { name: 'schedules', remove: (client, schedule) => client.schedules.remove({ params: { schedule } }) },
}

/** Of what `get` calls `tasks` the kind of document, `Task`. */
export function documentKindOf(name: string): DocumentKind | undefined {
  return (Object.keys(DOCUMENT_OBJECTS) as DocumentKind[]).find((kind) => DOCUMENT_OBJECTS[kind].name === name)
}
