import type { Translations } from '../phrase-book.ts'

/** Of runs and task instances: what cannot be started, cancelled, retried or decided. */
export const runs: Translations = {
  'must name a task or a DAG, and not both': '必须指定任务或工作流,且只能指定其一',
  'is for DAGs: a task has one plan': '仅用于工作流:任务只有一个版本',
  'Version {} is archived, and a task of it has changed since. Activate it, or copy it to a new version.':
    '版本 {0} 已归档,且其任务此后有修改。请发布它,或复制为新版本。',
  'This {} may be run by the roles {}; yours is {}.': '此{~0}只能由这些角色运行:{~1};您的角色是{~2}。',
  'Your role may not run this.': '您的角色不能运行它。',
  'The tenant is suspended.': '租户已停用。',
  'The task has changed meanwhile.': '任务其间已被修改。',
  'There is no task {}.': '没有任务 {0}。',
  'There is no DAG {}.': '没有工作流 {0}。',
  'The {} {} is disabled. Enable it, or trigger with force if your role may.':
    '{~0} {1} 已禁用。请启用它;如果您的角色允许,也可强制触发。',
  'The DAG {} is paused. Resume it, or trigger with force if your role may.':
    '工作流 {0} 已暂停。请恢复它;如果您的角色允许,也可强制触发。',
  'The DAG {} has no ACTIVE version. Activate one first.': '工作流 {0} 没有生效的版本。请先发布一个版本。',
  'params{} {}.': '参数 {0} {~1}。',
  'The concurrency key of the {} cannot be computed: {}': '无法计算{~0}的并发键:{~1}',
  '{} runs of {} nodes are too many to start at once.': '一次启动 {0} 个共 {1} 个节点的运行过多。',
  "The run could not be started. The server's log says why.": '无法启动运行。原因见服务器日志。',
  'or dag is required beside keep': '指定 keep 时,必须指定任务或工作流',
  'must say which runs: task, dag or before': '必须说明是哪些运行:task、dag 或 before',

  'The run is not paused.': '运行没有暂停。',
  'The run is being stopped.': '运行正在停止。',
  'The run has not ended yet. Cancel it first, or wait for its end.': '运行尚未结束。请先取消,或等待其结束。',
  'Nothing in it failed. Retry it from its start.': '其中没有失败的节点。请从头重跑。',
  'It is being run again already, as run {}. Wait for its end, or cancel it.': '它已在重跑,即运行 {0}。请等待其结束,或取消它。',
  'It has been run again already, as run {}.': '它已重跑过,即运行 {0}。',
  'The run has already ended: {}.': '运行已结束:{0}。',
  'It is the run of a task: cancel the run instead.': '这是任务的运行:请改为取消运行。',
  'It is the run of a task: retry the run instead.': '这是任务的运行:请改为重跑运行。',
  'It is at work. Cancel it, or wait for its end.': '它正在执行。请取消,或等待其结束。',
  'It is an element of a fan-out: cancel it instead.': '它是展开的一个元素:请改为取消它。',
  'It does not wait for time.': '它并非在等待时间。',
  'It has already ended.': '它已结束。',
  'It has not ended. Cancel it first, or wait for its end.': '它尚未结束。请先取消,或等待其结束。',
  'Only what failed is retried; it ended {}.': '只能重跑失败的;它以 {0} 结束。',
  'Its run has ended: retry the run from FAILED, which keeps what succeeded.': '其运行已结束:请从失败处重跑运行,已成功的会保留。',
  'Its run is being stopped.': '其运行正在停止。',
  'It has been retried already, as instance {}.': '它已重跑过,即实例 {0}。',
  'It takes no parameters.': '它没有参数。',
  'It cannot be taken back: {} began because of how it ended. When the run has ended, retry it from FAILED.':
    '无法收回:{0} 已因其结果而开始。请在运行结束后从失败处重跑。',
  'It does not wait for a decision: it has been decided, has ended, or is not its turn.':
    '它不在等待审批:已审批、已结束,或尚未轮到。',
  'It is no node that waits for approval.': '它不是等待审批的节点。',
  'This is decided by the roles {}; yours is {}.': '由这些角色审批:{~0};您的角色是{~1}。',
}
