import { optional, strict } from '@carillon/contract'
import { secretNameIn } from '@carillon/core'
import Type from 'typebox'
import type { Kind } from './kind.ts'

/** A statement on a PostgreSQL or MySQL database, run by an executor that allows it. */
export const sql: Kind = {
  name: 'sql',
  settings: strict({
    source: Type.String({
      maxLength: 200,
      description: 'The secret that holds the data source: ${{ secrets.name }}. Its value is a URL: postgres://… or mysql://…',
    }),
    statement: Type.String({
      minLength: 1,
      maxLength: 65_536,
      description: 'One statement; :name is a place for the parameter of that name',
    }),
    ...optional({
      maxRows: Type.Integer({ minimum: 1, maximum: 10_000, description: 'More rows fail the attempt. Left out: 1,000' }),
    }),
  }),
  app: 'own',
  problems: ({ source }) =>
    secretNameIn(String(source)) === null
      ? [{ path: '/source', message: 'must refer to a secret that holds the data source: ${{ secrets.name }}' }]
      : [],
  fromParams: true,
  handlerOf: () => 'sql',
}
