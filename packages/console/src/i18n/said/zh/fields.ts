import type { Translations } from '../phrase-book.ts'

/** Of a field of a form: what stands below it, or behind its path. */
export const fields: Translations = {
  ' (and {} more)': '(另有 {0} 处)',
  'is required': '必填',
  'is not known here{}': '此处没有这个字段{~0}',
  'is not valid': '无效',
  'is not valid: {}': '无效:{~0}',
  'must be one of {}': '必须是以下之一:{0}',
  'must be {}': '必须是{~0}',

  'is {}, an integer beyond ±{}, which would be rounded; write it as a string: "{}"':
    '为 {0},是超出 ±{1} 的整数,会被舍入;请写成文本:"{2}"',
  'is nested deeper than {} levels': '嵌套超过 {0} 层',
  'has a key with characters that cannot be stored': '有一个键含有无法存储的字符',
  'holds the character NUL, which cannot be stored': '含有无法存储的字符 NUL',
  'holds half a surrogate pair, which is not valid text': '含有不完整的代理对,不是有效的文本',
  'is a number out of range': '数值超出范围',
  'is not allowed as a key: it means the prototype of the object, not one of its fields; choose another name':
    '不能用作键:它指对象的原型,而不是字段;请换一个名称',
  'must be 1 to 200 visible ASCII characters': '必须是 1 到 200 个可见的 ASCII 字符',
  'is already used': '已被使用',

  'contains a space or control character': '含有空格或控制字符',
  'cannot be read; write it as https://host/path': '无法识别;请写成 https://host/path',
  'begins with {}; only http: and https: are called': '以 {0} 开头;只调用 http: 和 https:',
  'contains a user or password; send them in a header': '含有用户名或密码;请通过请求头发送',
  'has port 0; ports are 1 to 65535': '端口为 0;端口范围是 1 到 65535',
  'has a query or a fragment, behind which no path can be called': '含有查询参数或片段,其后无法再接路径',
}
