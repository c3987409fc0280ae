import { expect, test } from 'vitest'
import { cronWords, everyWords } from './cron-words.ts'

test.each([
  ['0 * * * * ?', 'every minute', '每分钟'],
  ['*/5 * * * *', 'every 5 minutes', '每 5 分钟'],
  ['0/10 * * * * ?', 'every 10 seconds', '每 10 秒'],
  ['0 0 2 * * ?', 'at 02:00, every day', '每天 02:00'],
  ['@daily', 'at 00:00, every day', '每天 00:00'],
  ['@hourly', 'every hour at :00', '每 1 小时的第 0 分'],
  ['0 9 * * 1-5', 'at 09:00, Monday to Friday', '每星期一至星期五 09:00'],
  ['0 0 9 ? * 2-6', 'at 09:00, Monday to Friday', '每星期一至星期五 09:00'],
  ['0 0 * * 7', 'at 00:00, Sunday', '每星期日 00:00'],
  ['0 30 8,20 * * ?', 'at 08:30, 20:30, every day', '每天 08:30、20:30'],
  ['*/15 9-17 * * MON-FRI', 'every 15 minutes, 09:00 to 17:59, Monday to Friday', '每星期一至星期五 每 15 分钟(09:00 至 17:59)'],
  ['0 0 3 L * ?', 'at 03:00, on the last day of the month', '每月最后一天 03:00'],
  ['0 0 3 1,15 * ?', 'at 03:00, on day 1, 15 of the month', '每月 1、15 日 03:00'],
  ['0 0 3 ? * 6#3', 'at 03:00, on the third Friday of the month', '每月第 3 个星期五 03:00'],
  ['0 0 3 ? * FRIL', 'at 03:00, on the last Friday of the month', '每月最后一个星期五 03:00'],
  ['0 0 1 1 *', 'at 00:00, on day 1 of the month, in January', '一月 每月 1 日 00:00'],
  ['0 0 13 * 5', 'at 00:00, on day 13 of the month or Friday', '每月 13 日或每星期五 00:00'],
  ['0 0 2 1 JAN ? 2027', 'at 02:00, on day 1 of the month, in January, in 2027', '2027 年 一月 每月 1 日 02:00'],
])('"%s" is put into words', (expression, en, zh) => {
  expect([cronWords(expression, 'en'), cronWords(expression, 'zh')]).toEqual([en, zh])
})

test.each([
  ['*/7 * * * *', 'the step begins anew each hour, so it is not "every 7 minutes"'],
  ['0 0 2 15W * ?', 'what it does not know'],
  ['1-20/3 * * * *', 'a step within a range'],
  ['0 0,10,20,30 1,2,3 * * ?', 'more times than one reads'],
  ['nonsense', 'no cron at all'],
  ['0 0 * * 9', 'no such weekday'],
])('"%s" is left as it stands: %s', (expression) => {
  expect(cronWords(expression, 'en')).toBeNull()
})

test('an interval is said in the largest unit that divides it', () => {
  expect([everyWords(90_000, 'en'), everyWords(3_600_000, 'en'), everyWords(86_400_000, 'zh')]).toEqual([
    'every 90 seconds',
    'every hour',
    '每天',
  ])
})
