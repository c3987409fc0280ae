import type { Translations } from '../phrase-book.ts'

/** Of DAGs and their versions: what is wrong with a definition, and who shares the traffic. */
export const dags: Translations = {
  'A DAG has at least one node.': '工作流至少要有一个节点。',
  'A DAG has at most {} nodes, this has {}; split it into sub-DAGs.': '工作流最多有 {0} 个节点,此处有 {1} 个;请拆分为子工作流。',
  'A DAG has at most {} edges, this has {}; put a node between those that all wait for the same.':
    '工作流最多有 {0} 条连线,此处有 {1} 条;请在等待相同上游的节点之前加一个节点。',
  'DAGs stand at most {} deep in each other.': '工作流最多嵌套 {0} 层。',
  'The code "{}" is already that of /nodes/{}.': '代码 "{0}" 已被 /nodes/{1} 使用。',
  'There is no node "{}".': '没有节点 "{0}"。',
  'The node "{}" would wait for itself.': '节点 "{0}" 会等待自己。',
  'It is already there as /edges/{}; join their conditions with || or &&.':
    '已有相同的连线 /edges/{0};请用 || 或 && 合并两者的条件。',
  'It closes a cycle: {}.': '形成环:{0}。',
  '{} looks at what leads here, and nothing does; the node runs at once. Add an edge or leave the rule out.':
    '{0} 取决于上游,而此节点没有上游,会立即执行。请添加连线,或去掉此规则。',
  'A DAG is given no secrets: refer to this one in the params of the nodes of {} that need it.':
    '工作流不接收密钥:请在 {0} 中需要它的节点的参数里引用。',
  'It does nothing; give it one of {}.': '它什么也不做;请给出以下之一:{0}。',
  'It has {}; a node has exactly one of {}.': '它有 {0};节点必须恰好有以下之一:{1}。',
  'Only a node with a dag has a version of it.': '只有带工作流的节点才有其版本。',
  'A DAG is not repeated; give it the list in params and put forEach on the nodes with a task in that DAG.':
    '工作流不能重复执行;请通过参数把列表传给它,并在该工作流中带任务的节点上使用 forEach。',
  '{} is not repeated; put it before or behind the node that is.': '{~0}不能重复执行;请放在重复执行的节点之前或之后。',
  'It waits for exactly one of ms, until and event.': '必须恰好等待以下之一:ms、until、event。',
  'A default is a plain value; write ${{ … }} in the params of the node that needs it.':
    '默认值必须是普通的值;请在需要它的节点的参数中写 ${{ … }}。',
  'An output holds no secrets.': '输出不能含有密钥。',
  'The node "{}" is not upstream of "{}", so its output need not be there; add an edge.':
    '节点 "{0}" 不在 "{1}" 的上游,其输出可能尚不存在;请添加连线。',
  'There is no node "{}". A code with a dash in it is written nodes["a-b"].':
    '没有节点 "{0}"。含连字符的代码应写成 nodes["a-b"]。',
  'There is no "{}" here; there are {}.': '此处没有 "{0}";可用的是 {1}。',
  'A node is named: nodes.extract.output, or nodes["extract"].output.':
    '请指明节点:nodes.extract.output 或 nodes["extract"].output。',
  'names the node {}, which this draft has already': '指定了节点 {0},而此草稿已有该节点',
  'leads from {} to {}, as an edge of this draft does already': '从 {0} 到 {1} 的连线在此草稿中已存在',
  'There is no node {} in this version.': '此版本中没有节点 {0}。',
  'There is no edge from {} to {} in this version.': '此版本中没有从 {0} 到 {1} 的连线。',
  'names no node of this version': '所指的节点在此版本中不存在',
  'names the task {}, which does not exist in this tenant': '所指的任务 {0} 在此租户中不存在',
  'names the DAG {} itself': '指定了工作流 {0} 自身',
  'names the DAG {}, which does not exist in this tenant': '所指的工作流 {0} 在此租户中不存在',
  'names the DAG {}, of which no version is active': '所指的工作流 {0} 没有生效的版本',
  'names version {} of {}, which has never been active': '所指的 {1} 的版本 {0} 从未生效',
  'leads back to this DAG: {}': '又回到此工作流:{0}',
  'stands {} DAGs deep; {} is the most: {}': '嵌套了 {0} 层工作流;最多 {1} 层:{2}',
  'Version {} of the DAG {} would no longer be valid: its node {} {} ({}). Change it first.':
    '工作流 {1} 的版本 {0} 将不再有效:其节点 {2} {~3}({4})。请先修改它。',
  'would break the node {} of the DAG {}: {}': '会使工作流 {1} 的节点 {0} 失效:{~2}',

  'There is no version {} of this DAG.': '此工作流没有版本 {0}。',
  'There is no version {} of this DAG {}.': '此工作流没有{~1}版本 {0}。',
  'Version {} has been active and does not change any more. Copy it to a new draft.':
    '版本 {0} 曾经生效,不能再修改。请复制为新草稿。',
  'You changed revision {} of this draft, but {} is the newest. Read it and try again.':
    '您修改的是此草稿的第 {0} 次保存,而最新的是第 {1} 次。请读取最新内容后重试。',
  '{}, but {}. Compare your draft with it, then activate over it.': '{~0},但{~1}。请将草稿与其比较,再发布以覆盖它。',
  'No version of this DAG is active, so there is nothing to share with. Activate one.':
    '此工作流没有生效的版本,无法灰度发布。请先发布一个版本。',
  'No second version of this DAG takes a share.': '此工作流没有灰度中的版本。',
  'Version {} takes no traffic: it is {}.': '版本 {0} 不能接收流量:其状态为 {1}。',
  'The version is being changed by someone else; try again.': '此版本正被他人修改,请重试。',
  'Version {} is the active one already.': '版本 {0} 已是生效的版本。',
  'A dry run goes through at most {} instances. Give a fan-out fewer elements.': '试运行最多经过 {0} 个实例。请减少展开的元素。',
  'The parameters of all nodes are longer than {} bytes together, the most of a dry run.':
    '所有节点的参数合计超过 {0} 字节,即试运行的上限。',
}
