import { defineTexts } from '../i18n/texts.ts'

/** What people and programs may do in a tenant, in one word each. */
export const roleTexts = defineTexts('roles', {
  en: {
    owner: 'Owner',
    admin: 'Administrator',
    developer: 'Developer',
    operator: 'Operator',
    viewer: 'Viewer',
    executor: 'Executor',
  },
  zh: {
    owner: '所有者',
    admin: '管理员',
    developer: '开发者',
    operator: '运维',
    viewer: '查看者',
    executor: '执行器',
  },
})
