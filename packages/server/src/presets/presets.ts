import type { DefinitionDocument } from '@carillon/contract'
import { http } from '../definition/kinds/http.ts'
import { script } from '../definition/kinds/script.ts'
import { sql } from '../definition/kinds/sql.ts'
import type { Kind } from '../definition/kinds/kind.ts'

/*
 * The task types that ship with the product (TYP-5), owned by the platform and usable in every tenant. A task says everything in its
 * parameters. What needs a library or a network of its own is done by executors of the platform's app `presets`:
 * `carillon executor --app presets --allow …`.
 */

type Schema = Readonly<Record<string, unknown>>

const text = (description: string, more: Schema = {}): Schema => ({
  type: 'string',
  minLength: 1,
  maxLength: 8_000,
  description,
  ...more,
})
const integer = (minimum: number, maximum: number, description: string): Schema => ({
  type: 'integer',
  minimum,
  maximum,
  description,
})
const secret = (description: string): Schema => ({ type: 'string', 'x-secret': true, description })

function object(properties: Readonly<Record<string, Schema>>, required: readonly string[]): Record<string, unknown> {
  return { type: 'object', properties, required: [...required], additionalProperties: false }
}

function preset(code: string, name: string, description: string, more: object): DefinitionDocument {
  return { kind: 'TaskType', code: `platform.${code}`, name, description, shared: true, ...more } as DefinitionDocument
}

/** One of today's kinds, whose settings a task gives as its parameters. */
function ofKind(kind: Kind, name: string, description: string, more: Readonly<Record<string, Schema>> = {}): DefinitionDocument {
  const schema = JSON.parse(JSON.stringify(kind.settings)) as { properties: Record<string, Schema> }
  const paramsSchema = { ...schema, properties: { ...schema.properties, ...more } }
  const app = kind.app === 'own' ? { app: 'presets' } : {}
  return preset(kind.name, name, description, { work: kind.name, settings: { fromParams: true }, paramsSchema, ...app })
}

/** Done by a handler of the executors of `presets`. */
function byHandler(
  handler: string,
  name: string,
  description: string,
  properties: Readonly<Record<string, Schema>>,
  required: readonly string[],
): DefinitionDocument {
  const paramsSchema = object(properties, required)
  return preset(handler, name, description, { work: 'handler', app: 'presets', settings: { handler }, paramsSchema })
}

const params: Schema = { type: 'object', description: 'What the work itself is given' }
const source = secret('The secret that holds the database: postgres://… or mysql://…')
const table = { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)?$', maxLength: 200 }
const column = { type: 'string', pattern: '^[A-Za-z_][A-Za-z0-9_]*$', maxLength: 100 }
const file = text('Below the folder that the executor was given with --files', {
  maxLength: 300,
  pattern: '^[^/\\\\\\u0000-\\u001f]+(/[^/\\\\\\u0000-\\u001f]+)*$',
})
const recipients = (what: string): Schema => ({
  type: 'array',
  minItems: 1,
  maxItems: 1_000,
  description: `${what}; or objects of \`to\` and \`data\`, which \`{{name}}\` in the message refers to`,
  items: {
    anyOf: [text(what, { maxLength: 2_000 }), object({ to: text(what, { maxLength: 2_000 }), data: { type: 'object' } }, ['to'])],
  },
})
const message = {
  subject: text('One line; {{name}} stands for a field of the recipient’s data', { maxLength: 500, pattern: '^[^\\r\\n]*$' }),
  text: text('{{name}} stands for a field of the recipient’s data', { maxLength: 200_000 }),
  data: { type: 'object', description: 'What {{name}} refers to for every recipient' },
  batchSize: integer(1, 1_000, 'Messages after which progress is told and a cancellation is heeded. Left out: 50'),
}

/** In the order in which people read them. */
export const PRESETS: readonly DefinitionDocument[] = [
  ofKind(http, 'HTTP call', 'Sends an HTTP request; its answer is the output'),
  ofKind(sql, 'SQL statement', 'Runs a statement on PostgreSQL or MySQL; its rows are the output', { source, params }),
  ofKind(script, 'Script', 'Runs a shell, Python or Node script', { params }),
  byHandler(
    'export',
    'Data export',
    'Writes the rows of a query into a file',
    {
      source,
      statement: text('One query; :name is a place for the parameter of that name', { maxLength: 65_536 }),
      params,
      file,
      format: { enum: ['csv', 'jsonl'], description: 'Left out: csv' },
    },
    ['source', 'statement', 'file'],
  ),
  byHandler(
    'report',
    'Report',
    'Renders data into a document by a Mustache template, and writes it into a file',
    {
      template: text('Mustache: {{name}}, {{#rows}} … {{/rows}}', { maxLength: 65_536 }),
      data: { description: 'What the template refers to' },
      format: { enum: ['text', 'html'], description: 'html: values are escaped. Left out: text' },
      file,
    },
    ['template', 'data'],
  ),
  byHandler(
    'sync',
    'Data synchronisation',
    'Copies the rows of a table into another database, new ones and changed ones; each shard of a task takes its part of the keys',
    {
      from: source,
      to: source,
      table: { ...table, description: 'What is read' },
      target: { ...table, description: 'What is written. Left out: the same name' },
      key: { ...column, description: 'The primary key; an integer where the task has shards' },
      columns: { type: 'array', items: column, minItems: 1, maxItems: 200, description: 'What is copied beside the key' },
      batchSize: integer(1, 5_000, 'Rows at once. Left out: 500'),
    },
    ['from', 'to', 'table', 'key', 'columns'],
  ),
  byHandler(
    'email',
    'E-mail',
    'Sends a message to each recipient over SMTP',
    {
      smtp: secret('The secret that holds the mail server: smtp://user:password@host:587, or smtps://…'),
      from: text('Address of the sender', { maxLength: 320, pattern: '^[^\\r\\n]*$' }),
      to: recipients('Addresses'),
      ...message,
      html: text('The same as HTML; values are escaped', { maxLength: 200_000 }),
      attachments: {
        type: 'array',
        maxItems: 20,
        items: object({ name: text('Name of the file', { maxLength: 200 }), content: { type: 'string', maxLength: 2_000_000 } }, [
          'name',
          'content',
        ]),
      },
    },
    ['smtp', 'from', 'to', 'subject'],
  ),
  byHandler(
    'inbox',
    'In-app inbox',
    'Writes a message for each recipient into a table of an application: id, recipient, subject, body, created_at',
    { source, table: { ...table, description: 'The table; its key is id, a text' }, to: recipients('Recipients'), ...message },
    ['source', 'table', 'to', 'text'],
  ),
  byHandler(
    'webhook',
    'Webhook',
    'Sends JSON to each address, signed where a key is given',
    {
      to: recipients('Addresses (https://…)'),
      body: { description: 'What is sent, as JSON' },
      signingKey: secret('The key of carillon-signature, the HMAC-SHA256 of the body'),
      batchSize: message.batchSize,
    },
    ['to', 'body'],
  ),
  byHandler(
    'chat',
    'Chat message',
    'Posts a message to the webhooks of chat groups',
    {
      webhook: secret('The secret that holds the address of the group’s webhook'),
      format: { enum: ['slack', 'discord', 'teams', 'feishu', 'dingtalk', 'wecom'] },
      text: message.text,
      data: message.data,
    },
    ['webhook', 'format', 'text'],
  ),
  byHandler(
    'sms',
    'SMS',
    'Sends a text message to each number through a provider: a plug-in of the executor, or `http`, which posts JSON',
    {
      provider: text('Name of the plug-in. Left out: http', { maxLength: 100 }),
      account: secret('The secret that holds what the provider needs; for http: {"url": …, "headers": {…}}'),
      to: recipients('Numbers, as +49…'),
      text: text('{{name}} stands for a field of the recipient’s data', { maxLength: 2_000 }),
      data: message.data,
      batchSize: message.batchSize,
    },
    ['account', 'to', 'text'],
  ),
]
