import type { Translations } from '../phrase-book.ts'

/** Why an instance does not run. */
export const why: Translations = {
  'Given to the executor {}, which has not yet said that it started.': '已分配给执行器 {0},它尚未报告开始。',
  'Waits for its time.': '等待其时间到达。',
  'Waits until its retry is due.': '等待重试时间到达。',
  'Waits for the decision of a person with the role {}.': '等待{~0}审批。',
  'Waits for the event {} with the key {}.': '等待事件 {0},键为 {1}。',
  'The run that is its part is about to start, or has just ended.': '作为其一部分的运行即将开始,或刚刚结束。',
  'Waits for the end of run {}.': '等待运行 {0} 结束。',
  'Waits for one of the elements at work to end: so many run at once.': '等待一个执行中的元素结束:同时执行的数量已达上限。',
  'Waits for a slot of its concurrency policy.': '等待其并发策略的名额。',
  'Waits for a slot of its concurrency policy, held by run {}.': '等待其并发策略的名额,该名额被运行 {0} 占用。',
  'The run is paused.': '运行已暂停。',
  'The run is paused by {}.': '运行已被 {0} 暂停。',
  'Waits for other instances of its run.': '等待同一运行的其他实例。',
  'Waits for the end of {}.': '等待 {~0} 结束。',
  'Its rate limit allows no more starts for the moment.': '已达到其速率限制,暂时不能再启动。',
  'The scheduler is draining: nothing is given out.': '调度器正在排空:不再派发。',
  'The app {} is paused.': '应用 {0} 已暂停。',
  'No executor serves {}.': '没有执行器提供{~0}。',
  'No executor that serves {} takes work: {}.': '提供{~0}的执行器均不接收任务:{1}。',
  'All {} executors that serve {} are full.': '提供{~1} 的 {0} 个执行器都已满。',
  'Its route policy has yet to choose an executor: it is its turn soon, or those that the policy allows are full or out of service.':
    '其路由策略尚未选定执行器:即将轮到它,或策略允许的执行器已满或不在服务中。',
  'It is its turn soon: executors with free places serve it.': '即将轮到它:有空位的执行器可执行它。',
  'The app {} keeps {} for {}, and no other is free.': '应用 {0} 为{~2} 预留了 {~1},没有其他空位。',
  'The app {} gives {} at most {}.': '应用 {0} 最多给{~1} {~2}。',
  'The app {} gives {} at most {}; run {} holds one.': '应用 {0} 最多给{~1} {~2};运行 {3} 占用其一。',
  'The executor {}, to which this shard belongs, does not serve the handler {} any more, or not with the labels that it wants: the shard fails if it does not by then.':
    '此分片所属的执行器 {0} 不再提供处理器 {1},或标签不再符合要求:届时若仍未提供,分片将失败。',
  'The executor {}, to which this shard belongs, has gone: the shard fails if it has not registered again by then.':
    '此分片所属的执行器 {0} 已离开:如果到时仍未重新注册,该分片将失败。',
  'The executor {}, which is to have it, is not online and healthy.': '指定的执行器 {0} 不在线或不健康。',
  'The executor {}, which is to have it, is full.': '指定的执行器 {0} 已满。',
  'It is its turn soon: the executor {}, which is to have it, has a free place.': '即将轮到它:指定的执行器 {0} 有空位。',
}
