import {
  KEYED_STRATEGIES,
  isPlaced,
  namesOne,
  routeOf,
  type FieldProblem,
  type LabelSelector,
  type RoutePolicy,
  type RouteStrategy,
} from '@carillon/core'
import type { UsableTask } from '../storage/dag-use.ts'

/** What a route policy says that would have no effect, or could not be kept. */
export function routeProblems(route: RouteStrategy | RoutePolicy | undefined, path: string): FieldProblem[] {
  if (route === undefined) return []
  const policy = routeOf(route)
  const { strategy, key, failover, executors } = policy
  const problems: FieldProblem[] = []
  if (key !== undefined && !KEYED_STRATEGIES.includes(strategy))
    problems.push({ path: `${path}/key`, message: `means nothing to ${strategy}; it is for ${KEYED_STRATEGIES.join(' and ')}` })
  if (failover !== undefined && !namesOne(policy))
    problems.push({
      path: `${path}/failover`,
      message: `means nothing to ${strategy}, which only chooses executors with a free place`,
    })
  if (failover === false && strategy === 'FAILOVER')
    problems.push({ path: `${path}/failover`, message: 'is what FAILOVER does; FIRST waits for the first executor' })
  if (strategy === 'WEIGHTED_ROUND_ROBIN' && executors === undefined)
    problems.push({
      path: typeof route === 'string' ? path : `${path}/executors`,
      message:
        'has to name the executors with their weights, as {strategy, executors: [{instance, weight}]}; without weights it is ROUND_ROBIN',
    })
  return [...problems, ...namedTwice(executors ?? [], `${path}/executors`)]
}

function namedTwice(executors: NonNullable<RoutePolicy['executors']>, path: string): FieldProblem[] {
  const names = executors.map(({ instance }) => instance)
  return names.flatMap((instance, index) =>
    names.indexOf(instance) < index ? [{ path: `${path}/${index}/instance`, message: `names ${instance} a second time` }] : [],
  )
}

/** A node's instances come into the queue of its task: placed before somebody takes them they are only where the task's are. */
export function routeProblemsOfNode(
  route: RouteStrategy | RoutePolicy | undefined,
  task: Pick<UsableTask, 'code' | 'node'>,
  path: string,
): FieldProblem[] {
  const problems = routeProblems(route, path)
  if (route === undefined || problems.length > 0 || !isPlaced(route) || isPlaced(task.node.route)) return problems
  const { strategy, executors } = routeOf(route)
  const what = executors === undefined ? strategy : 'certain executors'
  return [
    {
      path,
      message: `asks for ${what}, but instances of the task ${task.code} go to whoever asks first; set a route like this one in the policies of the task (its nodes may then differ), or take ROUND_ROBIN, RANDOM or LEAST_LOADED here`,
    },
  ]
}

/** As much as its queue can hold. */
const MOST_BYTES = 1_024

export function selectorProblems(selector: LabelSelector | undefined, path: string): FieldProblem[] {
  // Indented as PostgreSQL's own text at most is.
  const bytes = Buffer.byteLength(JSON.stringify(selector ?? {}, null, 1))
  return bytes > MOST_BYTES ? [{ path, message: `is too long: ${bytes} bytes, ${MOST_BYTES} at most` }] : []
}
