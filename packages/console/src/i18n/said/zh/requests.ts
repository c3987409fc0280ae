import type { Translations } from '../phrase-book.ts'

/** Of any request: the titles of the table of errors, who is asking, and what the server cannot read or do. */
export const requests: Translations = {
  'The request has fields that are not valid': '请求中有无效的字段',
  'The request cannot be read': '无法读取请求',
  'A valid access token is needed': '需要有效的访问令牌',
  'The token does not permit this': '令牌没有此权限',
  'There is no such object': '没有这个对象',
  'This method is not offered here': '此处不支持该方法',
  'The code is already used': '代码已被使用',
  'Someone else changed it meanwhile': '其间已被他人修改',
  'Its present state does not allow this': '当前状态不允许此操作',
  'Something else still refers to it': '仍被其他对象引用',
  'Downstream tasks would form a cycle': '下游任务会形成环',
  'The task is disabled': '任务已禁用',
  'It is larger than allowed': '超出允许的大小',
  'The content type must be application/json': '内容类型必须是 application/json',
  'The idempotency key was used for a different request': '该幂等键已用于另一个请求',
  'Too many requests': '请求过多',
  'The attempt no longer belongs to this executor': '该执行尝试已不属于此执行器',
  'The executor session has ended; register again': '执行器会话已结束;请重新注册',
  'The executor protocol version is not supported': '不支持该版本的执行器协议',
  'This server has no key for secrets': '此服务器未配置密钥的主密钥',
  'The service cannot answer right now; try again': '服务暂时无法应答;请重试',
  'Something went wrong on the server': '服务器出错',

  'There is nothing at this path.': '此路径下没有内容。',
  'Offered here: {}.': '此处支持:{0}。',
  'The body is not valid JSON: {}.': '请求体不是有效的 JSON:{0}。',
  'The message is not valid JSON.': '消息不是有效的 JSON。',
  'The database cannot answer right now. Nothing is known to have been done; try again with the same idempotency key.':
    '数据库暂时无法应答。无法确定是否已执行;请使用相同的幂等键重试。',
  'The database could not answer before this run was started. Try again with the same idempotency key.':
    '启动此运行之前数据库无法应答。请使用相同的幂等键重试。',
  'This {} is already used. Choose another one.': '此{~0}已被使用,请换一个。',
  'The body is larger than limits.{} {}. {}': '请求体超出 limits.{0} 的上限{~1}。{~2}',
  'Send less at once.': '请减少一次发送的内容。',
  'Store what is large elsewhere, and say where it is.': '请将较大的内容存放到别处,只给出其位置。',
  'A text of the request holds characters that cannot be stored.': '请求中的文本含有无法存储的字符。',
  'Send the body as `content-type: application/json`.': '请以 `content-type: application/json` 发送请求体。',
  'The content type says JSON, but the body is empty.': '内容类型为 JSON,但请求体为空。',
  'The body is not as long as its content-length says.': '请求体的长度与 content-length 不符。',
  'The path cannot be decoded.': '路径无法解码。',
  'A part of the path is longer than {} characters.': '路径中有一段超过 {0} 个字符。',
  'The request cannot be routed.': '请求无法路由。',
  'The request cannot be read.': '无法读取请求。',
  'The request is larger than this server accepts.': '请求超出此服务器接受的大小。',
  'The server failed. Its log tells more under the request id.': '服务器出错。可在其日志中按请求编号查看详情。',
  '{} Nothing was done.': '{~0}未执行任何操作。',
  'More is waiting here than can be worked off in a moment. Try again.': '等待处理的请求过多。请重试。',
  'This idempotency key was used before with a different request. Use a new key for a new request.':
    '该幂等键已用于另一个请求。新的请求请使用新的幂等键。',
  'This idempotency key was used before with a different request. Use a new key.': '该幂等键已用于另一个请求。请使用新的幂等键。',
  'The first request with this idempotency key was refused. Send it again.': '使用该幂等键的第一个请求已被拒绝。请重新发送。',

  'Only platform administrators may name a tenant; leave the header carillon-tenant out.':
    '只有平台管理员可以指定租户;请去掉请求头 carillon-tenant。',
  'There is no tenant with the code that the header carillon-tenant names.': '没有请求头 carillon-tenant 所指的租户。',
  'Name the tenant in the header `carillon-tenant: <code>`.': '请用请求头 `carillon-tenant: <code>` 指定租户。',
  'You are not a member of the tenant that the header carillon-tenant names.': '您不是请求头 carillon-tenant 所指租户的成员。',
  'This is for people who signed in. A token has no session; /api/v1/whoami tells who it is.':
    '仅供登录的用户使用。令牌没有会话;可用 /api/v1/whoami 查看其身份。',
  'The role {} does not include the permission {}.': '角色 {~0} 不含权限 {1}。',
  'Send a valid token: `authorization: Bearer carillon_…`.': '请发送有效的令牌:`authorization: Bearer carillon_…`。',
  'You are no longer signed in. Sign in again.': '您的登录已失效,请重新登录。',
  'Your sign-in has ended.': '您的登录已结束。',
  'Someone else chose your password. Choose one of your own first.': '您的密码由他人设置,请先自行设置新密码。',
  'This tenant is suspended. Its platform administrator can activate it again.': '此租户已停用。平台管理员可以重新启用它。',
  'Your password was changed meanwhile by someone else. Sign in again.': '您的密码其间已被他人修改,请重新登录。',
  'You have no such session.': '您没有这个会话。',
  'The present password is wrong.': '当前密码不正确。',
  'is not your present password': '不是您的当前密码',
  'The new password is the present one.': '新密码与当前密码相同。',
  'must be another password than the present one': '不能与当前密码相同',
  'The name or the password is wrong.': '用户名或密码不正确。',
  'Too many people sign in at this moment. Try again in a few seconds.': '当前登录的人过多,请几秒后重试。',
  'Too many tries to sign in with this name or from this address were wrong. Wait a minute and try again.':
    '使用此用户名或来自此地址的登录失败次数过多。请等待一分钟后重试。',
  'A request with the cookie of a session that changes something needs the header `carillon-tenant: <code>` or `carillon-console: 1`.':
    '使用会话 cookie 的修改请求需要请求头 `carillon-tenant: <code>` 或 `carillon-console: 1`。',
  'This was sent by a page of {}, while this server was called as {}. Behind a proxy, let it pass the header Host on, or set publicUrl.':
    '请求来自 {0} 的页面,而此服务器被访问的地址是 {1}。如在代理之后,请让代理传递请求头 Host,或设置 publicUrl。',
  'Your open pages ask for more than {} things a second. Nothing is lost; this one waits a moment and goes on.':
    '您打开的页面每秒的请求超过 {0} 个。不会丢失任何内容;此页面稍候会继续。',

  'Too many messages.': '消息过多。',
  'This server has {} live connections, and takes no more.': '此服务器已有 {0} 个实时连接,不再接受新的连接。',
  'You have {} live connections open. Close some of them.': '您已打开 {0} 个实时连接,请关闭一些。',
  'You subscribe to more than {} topics a second. Wait a moment.': '您每秒订阅的主题超过 {0} 个,请稍候。',
  'This server node is being stopped.': '此服务器节点正在停止。',
  'Live views are a WebSocket: connect with one (`upgrade: websocket`).':
    '实时视图使用 WebSocket:请以 WebSocket 连接(`upgrade: websocket`)。',
  'The subscription {} is open already. Take another number.': '订阅 {0} 已打开,请换一个编号。',
  'A connection shows at most {} topics. End another one first.': '一个连接最多显示 {0} 个主题,请先结束其他主题。',
  'This server shows as much at once as it can. Close other live views, or try again later.':
    '此服务器同时显示的内容已达上限。请关闭其他实时视图,或稍后重试。',
}
