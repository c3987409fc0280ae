import type { DagTemplate as View, dagTemplateRoutes } from '@carillon/contract'
import { copyTemplate, templateOf } from '../../presets/copy-template.ts'
import { secretsOf, TEMPLATES, type DagTemplate } from '../../presets/templates.ts'
import type { Handlers } from '../context.ts'

export const dagTemplateHandlers: Handlers<typeof dagTemplateRoutes> = {
  list: async () => ({ items: TEMPLATES.map(viewOf), nextCursor: null }),
  get: async ({ params }) => ({ ...viewOf(templateOf(params.template)), documents: [...templateOf(params.template).documents] }),
  copy: ({ params, body }, context) =>
    context.services.days.withFireDays((requireDays) =>
      context.change((edit) => copyTemplate({ ...edit, requireDays }, params.template, body)),
    ),
}

function viewOf(template: DagTemplate): View {
  const { code, name, description } = template
  return { code, name, description, secrets: secretsOf(template) }
}
