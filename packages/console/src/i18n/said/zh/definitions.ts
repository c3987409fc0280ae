import type { Translations } from '../phrase-book.ts'

/** Of what people define: task types, tasks, apps, executors, secrets, tenants and users. */
export const definitions: Translations = {
  'There is no such {} in this tenant.': '此租户中没有这个{~0}。',
  'There is no {} "{}" in this tenant.': '此租户中没有{~0} "{1}"。',
  'There is no such tenant.': '没有这个租户。',
  'There is no such user.': '没有这个用户。',
  'There is no such member in this tenant.': '此租户中没有这个成员。',
  'names no {} of this tenant': '所指的{~0}在此租户中不存在',
  'names no app of this tenant': '所指的应用在此租户中不存在',
  'names no task type of this tenant': '所指的任务类型在此租户中不存在',
  'You changed version {}, but version {} is the newest. Read it and try again.':
    '您修改的是版本 {0},而最新的是版本 {1}。请读取最新版本后重试。',
  'This {} is used by {} {}. Change or delete them first.': '此{~0}正被{~1} {2} 使用。请先修改或删除它们。',
  'This {} has no revision {}. Its list of revisions names those that are kept.':
    '此{~0}没有历史版本 {1}。保留的版本见其历史版本列表。',

  'names {}, which {}': '写了 {0},{~1}',

  'The task is being changed by someone else; try again.': '任务正被他人修改,请重试。',
  'The task type of this revision has been deleted since.': '此历史版本的任务类型已被删除。',
  'The task {}, which this revision starts, has been deleted since.': '此历史版本启动的任务 {0} 已被删除。',
  'names the task {} a second time': '重复指定了任务 {0}',
  'names the task type {}, which is disabled': '所指的任务类型 {0} 已禁用',
  'would leave the schedule {} with parameters that do not fit: {} {}': '会使调度计划 {0} 的参数不再符合:{1} {~2}',
  'The chain of downstream tasks would be {} long; {} is the most.': '下游任务链的长度将为 {0};最多为 {1}。',
  'makes a chain longer than {}: it ends {}': '使任务链超过 {0}:其末尾为 {1}',
  'These tasks would start each other for ever: {}.': '这些任务会无休止地相互启动:{0}。',
  'leads back: {}': '形成环:{0}',
  'The task {} falls under {} capacity rules of its app, and their labels are too long together. Use fewer, or shorter ones.':
    '任务 {0} 受其应用的 {1} 条容量规则约束,它们的标签总长过长。请减少规则,或缩短标签。',

  "The task type {} is the platform's. Copy it, and change the copy.": '任务类型 {0} 属于平台。请复制它,然后修改副本。',
  'stays as it is: tenants may use the type': '不能更改:租户可能正在使用该类型',
  'stays as it is: make a type that is shared from its start': '不能更改:请新建一个一开始就共享的类型',
  'does not fit the parameters of the tasks {}': '与任务 {0} 的参数不符',
  'This tenant may use the kinds {}, and not {}.': '此租户可使用的种类为 {0},不含 {1}。',
  'must hold nothing beside fromParams: its tasks give the settings': '除 fromParams 外不能有其他内容:设置由其任务给出',
  'is only for task types of the platform': '仅用于平台的任务类型',
  'must begin with {} where the type is shared': '共享的类型必须以 {0} 开头',
  'begins with {}, which is kept for types of the platform': '以 {0} 开头,该前缀保留给平台的类型',
  'is required for the kind {}: its executors do the work': '种类为 {0} 时必填:由其执行器执行',
  'must be left out for the kind {}: the built-in executor does the work': '种类为 {0} 时不能填写:由内置执行器执行',
  'must not refer to a secret, which others could read there; pass it in env': '不能引用密钥,否则他人可在此读到;请通过 env 传递',
  'must refer to a secret: ${{ secrets.name }}': '必须引用密钥:${{ secrets.name }}',
  'must refer to a secret that holds the data source: ${{ secrets.name }}': '必须引用保存数据源的密钥:${{ secrets.name }}',
  'cannot be compiled: {} (line {}, column {})': '无法编译:{~0}(第 {1} 行第 {2} 列)',
  'reads {}; it may read status, headers and body': '读取了 {0};只能读取 status、headers 和 body',
  'has a place for callback.url, but the settings have no callback': '含有 callback.url 的占位,但设置中没有回调',
  'may have callback.url in its query alone, or it would be written to logs':
    'callback.url 只能出现在查询参数中,否则会被写入日志',
  'is required for the glue type {}': 'GLUE 类型为 {0} 时必填',

  'is {} bytes long; {} is the most': '长度为 {0} 字节;最多 {1} 字节',
  'is not a JSON Schema (2020-12): {}': '不是 JSON Schema(2020-12):{0}',
  'refers to the secret "{}"; secrets are referred to in the parameters of the task, not in those of a run':
    '引用了密钥 "{0}";密钥应在任务的参数中引用,而不是在运行的参数中',
  'may not hold a key "{}", which is reserved': '不能含有保留的键 "{0}"',
  'The parameters are {} bytes long; limits.paramsBytes allows {}.': '参数长度为 {0} 字节;limits.paramsBytes 允许 {1} 字节。',
  'is secret: store the value (carillon secrets create) and refer to it as ${{ secrets.name }}; a value written here would be kept in clear':
    '是机密:请将值存为密钥(carillon secrets create),并以 ${{ secrets.name }} 引用;写在这里的值会以明文保存',
  'holds more than {} objects and lists': '含有的对象和列表超过 {0} 个',
  'is not supported': '不支持',
  'must lead into this schema: #/$defs/…': '必须指向此 schema 之内:#/$defs/…',
  'needs maxItems of at most {} beside it': '需要同时给出不超过 {0} 的 maxItems',
  'has the pattern {}, which RE2 does not accept: {}': '模式 {0} 不被 RE2 接受:{1}',
  'leads to nothing in $defs': '在 $defs 中没有所指的内容',
  'grows to more than {} parts when its references are followed': '展开引用后超过 {0} 个部分',
  'leads back to itself; recursive schemas are not supported': '引用了自身;不支持递归的 schema',

  'means nothing to {}; it is for {}': '对 {0} 无意义;它用于 {~1}',
  'means nothing to {}, which only chooses executors with a free place': '对 {0} 无意义:该策略只选择有空位的执行器',
  'is what FAILOVER does; FIRST waits for the first executor': '是 FAILOVER 的行为;FIRST 会等待第一个执行器',
  'has to name the executors with their weights, as {strategy, executors: [{instance, weight}]}; without weights it is ROUND_ROBIN':
    '必须给出执行器及其权重,如 {strategy, executors: [{instance, weight}]};没有权重即为 ROUND_ROBIN',
  'names {} a second time': '重复指定了 {0}',
  'asks for {}, but instances of the task {} go to whoever asks first; set a route like this one in the policies of the task (its nodes may then differ), or take ROUND_ROBIN, RANDOM or LEAST_LOADED here':
    '要求{~0},但任务 {1} 的实例会分给最先来取的执行器;请在任务的策略中设置这样的路由(其节点可以不同),或在此使用 ROUND_ROBIN、RANDOM 或 LEAST_LOADED',
  'is too long: {} bytes, {} at most': '过长:{0} 字节,最多 {1} 字节',
  'needs the key that it is KEYED by: either a path or an expression, and not both':
    'KEYED 需要键:路径或表达式,且只能给出其中之一',
  'There is no "{}" here; there are params and run.fireAt.': '此处没有 "{0}";可用的是 params 和 run.fireAt。',

  'is that of an app which the platform shares with every tenant; choose another': '与平台共享给所有租户的应用重名;请换一个',
  'is only for apps of the platform': '仅用于平台的应用',
  'speaks of the same as one before it': '与前面的一条针对同一对象',
  'must name one of task, label and tenant': '必须指定任务、标签和租户之一',
  'must say a limit, a reserve, or both': '必须给出上限或预留,或两者',
  'is above the limit of {}: it could never be used': '超过上限 {0}:永远无法用到',
  'must name a tenant: an app that tenants share is divided among them': '必须指定租户:共享的应用按租户划分',
  'is for apps that the platform shares; name a task or a label here': '仅用于平台共享的应用;此处请指定任务或标签',
  'The executor "{}" registers itself: what it says of itself is changed in its own settings. Only one that was registered by hand is changed here.':
    '执行器 "{0}" 自行注册:请在它自己的设置中修改。此处只能修改手动注册的执行器。',
  'The app {} has an executor "{}" already. Choose another name, or delete it.':
    '应用 {0} 已有执行器 "{1}"。请换一个名称,或删除它。',
  'is already used in this app': '已在此应用中使用',

  'There is a secret "{}" already. Rotate it to give it another value.': '已有密钥 "{0}"。如要更换值,请轮换它。',
  'names the app {}, which does not exist in this tenant': '所指的应用 {0} 在此租户中不存在',
  'The parameters of this task say what it does, and refer to the secret "{}". Start it as it is, or ask somebody who may write tasks; yours is the role {}.':
    '此任务的参数决定它做什么,并引用了密钥 "{0}"。请按原样启动,或请有权编辑任务的人操作;您的角色是{~1}。',
  'stand beside a parameter that {}': '与一个这样的参数并存:{~0}',
  'refers to the secret "{}", which does not exist in this tenant': '引用的密钥 "{0}" 在此租户中不存在',
  'refers to the secret "{}", which is open to the roles {}; yours is {}':
    '引用的密钥 "{0}" 只对这些角色开放:{~1};您的角色是{~2}',
  'This server has no master key for secrets. Set secrets.key (CARILLON_SECRETS_KEY) or secrets.keyFile: openssl rand -base64 32':
    '此服务器未配置密钥的主密钥。请设置 secrets.key(CARILLON_SECRETS_KEY)或 secrets.keyFile:openssl rand -base64 32',
  'It is locked by the master key {}, which this server does not have.': '它由主密钥 {0} 加密,而此服务器没有该主密钥。',
  'What is stored is not what was written.': '存储的内容与写入的不一致。',
  'The data key {} is wrapped by the master key {}: name that one in secrets.previousKeys.':
    '数据密钥 {0} 由主密钥 {1} 加密:请在 secrets.previousKeys 中给出该主密钥。',
  'is needed: the address is longer than the {} characters of a name': '必填:地址超过了名称的 {0} 个字符上限',
  'is no token of the role executor for the app {}, and it calls back with this one: carillon token create <name> --role executor --app {}':
    '不是应用 {0} 的执行器角色令牌,而执行器要用它回调;请创建:carillon token create <name> --role executor --app {1}',
  'is given by the protocol of xxl-job': '由 xxl-job 协议决定,不能填写',
  'is needed: the protocol of xxl-job has no calls without a token': '必填:xxl-job 协议的调用都必须带令牌',
  'At another address it is shown a token only if you know it: give callToken too.':
    '换到新地址时,只有您知道令牌才会向该地址出示:请同时填写 callToken。',
  'is needed with a new address': '填写新地址时必填',
  'is only for tokens of the role executor': '仅用于执行器角色的令牌',
  'must lie in the future': '必须在将来',

  "The platform's own tenant cannot be suspended: its apps serve all others.":
    '平台自己的租户不能停用:它的应用为其他所有租户服务。',
  'names {}; the kinds are {}': '给出了 {0};可用的种类为 {1}',
  'This user is the last owner of the tenant {}. Make someone else an owner first.':
    '此用户是租户 {0} 的最后一位所有者。请先将他人设为所有者。',
  'This is the last platform administrator that can sign in. Make someone else a platform administrator first.':
    '这是最后一位可以登录的平台管理员。请先将他人设为平台管理员。',
  'The role {} is above yours, which is {}.': '角色{~0}高于您的角色{~1}。',
  'This is the last owner of the tenant. Make someone else an owner first.': '这是租户的最后一位所有者。请先将他人设为所有者。',

  'names the {} {}, as /body/documents/{} does already': '指定了{~0} {1},而 /body/documents/{2} 已指定',
  'names another {} than {}; a schedule keeps its {}. Make a new one and delete this':
    '指定的{~0}不是 {1};调度计划不能更换其{~2}。请新建一个并删除此调度计划',
  'is required for the action label': '添加标签时必填',
  'There is no such template of a DAG.': '没有这个工作流模板。',
  'There is a {} {} already. Choose another code for the copy.': '已有{~0} {1}。请为副本换一个代码。',

  'It answered {}': '应答为 {0}',
  'It did not answer in time, or its answer did not end': '未按时应答,或应答没有结束',
  'Its answer is longer than {} bytes': '应答超过 {0} 字节',
  'It answered {}, a redirect{}, which is not followed: register the address that it leads to':
    '应答为 {0},即重定向{~1},不会跟随:请注册它指向的地址',
  'It answered a web page, not a health check: is this the right address?': '应答为网页,而不是健康检查:地址是否正确?',
  'It answered JSON that cannot be read': '应答的 JSON 无法识别',
  'It answered that its status is {}': '应答的状态为 {0}',
  'It answered {}, and not as the protocol says: is this the right address?': '应答为 {0},不符合协议:地址是否正确?',
  'It refuses the token with which the server calls it ({}): register it with the token that it expects':
    '它拒绝服务器调用时使用的令牌({0}):请以它期望的令牌注册',
  'It refuses calls ({}): is this the right address?': '它拒绝调用({0}):地址是否正确?',
  'Nobody listens at its address': '其地址上没有监听',
  'Its host has no address': '其主机名没有对应的地址',
  'Its host could not be looked up': '无法解析其主机名',
  'Its host cannot be reached': '无法到达其主机',
  'Its network cannot be reached': '无法到达其网络',
  'It closed the connection without an answer': '它未应答便关闭了连接',
  'It could not be connected to in time': '未能按时连接',
  'It did not answer in time': '未按时应答',
  'Its answer did not end in time': '应答未按时结束',
  'Its answer is too long': '应答过长',
  'It may not be called: {}': '不允许调用:{0}',
  'It could not be asked ({})': '无法询问({0})',
  'It could not be asked': '无法询问',
}
