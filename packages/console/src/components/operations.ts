import { useCallback } from 'react'
import { defineTexts, useTexts } from '../i18n/texts.ts'

/** What is changed and controlled, by the kinds that the audit trail names. */
const kindTexts = defineTexts('object-kinds', {
  en: {
    app: 'App',
    backfill: 'Backfill',
    calendar: 'Calendar',
    dag: 'DAG',
    dag_template: 'DAG template',
    dag_version: 'DAG version',
    definitions: 'Definitions',
    event: 'Event',
    executor: 'Executor',
    instance: 'Task instance',
    member: 'Member',
    run: 'Run',
    schedule: 'Schedule',
    scheduler: 'Scheduler',
    secret: 'Secret',
    server_node: 'Server node',
    session: 'Session',
    task: 'Task',
    task_type: 'Task type',
    tenant: 'Tenant',
    token: 'Token',
    user: 'User',
  },
  zh: {
    app: '应用',
    backfill: '补数',
    calendar: '日历',
    dag: '工作流',
    dag_template: '工作流模板',
    dag_version: '工作流版本',
    definitions: '定义',
    event: '事件',
    executor: '执行器',
    instance: '任务实例',
    member: '成员',
    run: '运行',
    schedule: '调度计划',
    scheduler: '调度器',
    secret: '密钥',
    server_node: '服务器节点',
    session: '会话',
    task: '任务',
    task_type: '任务类型',
    tenant: '租户',
    token: '令牌',
    user: '用户',
  },
})

/** What was done to them. */
const verbTexts = defineTexts('operations', {
  en: {
    activate: 'made active',
    'add-edge': 'edge added',
    'add-node': 'node added',
    apply: 'applied',
    approve: 'approved',
    archive: 'archived',
    bulk: 'changed, many at once',
    cancel: 'cancelled',
    'change-edge': 'edge changed',
    'change-node': 'node changed',
    'change-password': 'password changed',
    copy: 'copied',
    create: 'created',
    delete: 'deleted',
    deliver: 'delivered',
    disable: 'disabled',
    drain: 'drained',
    enable: 'enabled',
    end: 'ended',
    'end-gray': 'gray release ended',
    pause: 'paused',
    purge: 'purged',
    refuse: 'refused',
    reject: 'rejected',
    remove: 'removed',
    'remove-edge': 'edge removed',
    'remove-node': 'node removed',
    'reset-password': 'password set anew',
    restore: 'restored',
    resume: 'resumed',
    retry: 'run again',
    revoke: 'revoked',
    rotate: 'given another value',
    run: 'run now',
    set: 'role given',
    'set-gray': 'gray release set',
    skip: 'marked as done',
    start: 'started',
    status: 'status set',
    stop: 'stopped',
    trigger: 'started',
    update: 'changed',
  },
  zh: {
    activate: '启用版本',
    'add-edge': '添加边',
    'add-node': '添加节点',
    apply: '应用',
    approve: '批准',
    archive: '归档',
    bulk: '批量修改',
    cancel: '取消',
    'change-edge': '修改边',
    'change-node': '修改节点',
    'change-password': '修改密码',
    copy: '复制',
    create: '创建',
    delete: '删除',
    deliver: '投递',
    disable: '禁用',
    drain: '排空',
    enable: '启用',
    end: '结束',
    'end-gray': '结束灰度发布',
    pause: '暂停',
    purge: '清理',
    refuse: '拒绝',
    reject: '驳回',
    remove: '移除',
    'remove-edge': '移除边',
    'remove-node': '移除节点',
    'reset-password': '重设密码',
    restore: '恢复版本',
    resume: '恢复',
    retry: '重跑',
    revoke: '吊销',
    rotate: '更换值',
    run: '立即执行',
    set: '设置角色',
    'set-gray': '设置灰度发布',
    skip: '标记为完成',
    start: '启动',
    status: '设置状态',
    stop: '停止',
    trigger: '触发',
    update: '修改',
  },
})

/** An operation as the audit trail and the revisions name it, taken apart: `task-type.update`, or `update` where it is plain of what. */
export function partsOf(operation: string): { readonly kind: string | null; readonly verb: string } {
  const [first, second] = operation.split('.') as [string, string?]
  if (second === undefined) return { kind: null, verb: first }
  return { kind: first === 'node' ? 'server_node' : first.replaceAll('-', '_'), verb: second }
}

/** Kinds and operations in words. What a newer server names and this console does not know stays as it is. */
export function useOperationWords(): {
  readonly kindWord: (kind: string) => string
  readonly operationWord: (operation: string) => string
} {
  const kinds = useTexts(kindTexts)
  const verbs = useTexts(verbTexts)
  const kindWord = useCallback((kind: string) => kinds(kind as never), [kinds])
  const operationWord = useCallback(
    (operation: string) => {
      const { kind, verb } = partsOf(operation)
      const done = verbs(verb as never)
      return kind === null ? done : `${kindWord(kind)}: ${done}`
    },
    [kindWord, verbs],
  )
  return { kindWord, operationWord }
}
