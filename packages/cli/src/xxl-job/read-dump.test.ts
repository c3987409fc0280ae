import { describe, expect, test } from 'vitest'
import { readDump, type TableEvent, type Wanted } from './read-dump.ts'

const ALL: Wanted = (table) => (table.startsWith('other') ? undefined : ({ has: () => true } as unknown as ReadonlySet<string>))

/** In pieces of `size` characters. */
function* pieces(text: string, size: number) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}

async function all(texts: Iterable<string>, wanted = ALL): Promise<TableEvent[]> {
  const events: TableEvent[] = []
  for await (const event of readDump(texts, wanted)) events.push(event)
  return events
}

const read = (text: string, wanted = ALL, size = text.length) => all(pieces(text, Math.max(1, size)), wanted)

const rowsIn = (events: TableEvent[]) => events.flatMap((event) => (event.kind === 'ROW' ? [[...event.row.values()]] : []))
const rows = async (text: string, size?: number) => rowsIn(await read(text, ALL, size))

/** Says what is read when the text comes in two pieces, for every place from `from` on where it can be cut. */
async function everyCut(text: string, from: number, look: (events: TableEvent[], cut: number) => void): Promise<void> {
  for (let cut = from; cut <= text.length; cut++) look(await all([text.slice(0, cut), text.slice(cut)]), cut)
}

/** Longer than what is looked at before a statement is begun, so that a cut behind it is met in the middle of reading. */
const FILLER = 'x'.repeat(300)

const CREATE =
  'CREATE TABLE `t` (\n  `id` int(11) NOT NULL AUTO_INCREMENT,\n  `a` text,\n  PRIMARY KEY (`id`)\n) ENGINE=InnoDB;\n'

describe('values', () => {
  test.each([
    [`'plain'`, 'plain'],
    [`''`, ''],
    [`NULL`, null],
    [`-12.50`, '-12.50'],
    [`1e3`, '1e3'],
    [`'it\\'s'`, "it's"],
    [`'it''s'`, "it's"],
    [`"say ""it's"""`, `say "it's"`],
    [`'a\\nb\\r\\tc\\0d\\Ze\\\\'`, 'a\nb\r\tc\0d\u001Ae\\'],
    [`'100\\% \\_x \\q'`, '100\\% \\_x q'],
    [`'line\nbreak; -- no comment /* none */ # none'`, 'line\nbreak; -- no comment /* none */ # none'],
    [`'订单 🛎'`, '订单 🛎'],
    [`_utf8mb4'订单'`, '订单'],
    [`_utf8mb4 '订单'`, '订单'],
    [`_binary 'it\\'s'`, "it's"],
    [`N'x'`, 'x'],
    [`0xE8AEA2`, '订'],
    [`_binary 0xE8AEA2`, '订'],
    [`X'E8AEA2'`, '订'],
    [`b'101'`, '5'],
    [`TRUE`, '1'],
    [`false`, '0'],
    [`now()`, null],
    [`date_add(now(), interval '1)' day)`, null],
    [`CURRENT_TIMESTAMP`, null],
  ])('%s is read, wherever the text is cut', async (value, expected) => {
    const before = `${CREATE}INSERT INTO \`t\` VALUES (0,'${FILLER}'),`
    const text = `${before}(1,${value}),(2,'end');\n`
    await everyCut(
      text,
      before.length,
      (events, cut) =>
      expect(rowsIn(events).slice(1), `cut at ${cut}`).toEqual([['1', expected], ['2', 'end']]), // prettier-ignore
    )
  })
})

describe('statements', () => {
  test.each([
    ['of a table that was described before', `${CREATE}INSERT INTO \`t\` VALUES (1,'x');`],
    ['with a list of columns', "INSERT INTO `t` (`id`, `a`) VALUES (1, 'x');"],
    ['with the list in another order', "INSERT INTO `t`(`a`,`id`) VALUES ('x',1);"],
    ['named with its database', "INSERT INTO `xxl_job`.`t` (`id`,`a`) VALUES (1,'x');"],
    ['with names in no quotes, in capitals', "insert into T (ID, A) values (1,'x');"],
    ['with names in double quotes (--compatible=ansi)', `INSERT INTO "t" ("id","a") VALUES (1,'x');`],
    ['as REPLACE (--replace)', "REPLACE INTO `t` (`id`,`a`) VALUES (1,'x');"],
    ['with IGNORE (--insert-ignore)', "INSERT  IGNORE INTO `t` (`id`,`a`) VALUES (1,'x');"],
    ['that would update', "INSERT INTO `t` (`id`,`a`) VALUES (1,'x') ON DUPLICATE KEY UPDATE `a`='y';"],
    ['without an end', "INSERT INTO `t` (`id`,`a`) VALUES (1,'x')"],
    ['with spaces and lines in between', "INSERT INTO\n `t`\n(`id`\n,`a`)\nVALUES\n(\n1\n,\n'x'\n)\n;\n"],
  ])('an INSERT %s', async (_, text) => {
    for (let size = 1; size <= 30; size++) {
      const [row] = (await read(text, ALL, size)).filter((event) => event.kind === 'ROW')
      expect(row?.row.get('id')).toBe('1')
      expect(row?.row.get('a')).toBe('x')
    }
  })

  test('what is between the rows is passed over: comments, other statements, other tables, triggers', async () => {
    const text = [
      '/*M!999999\\- enable the sandbox mode */ ',
      '-- MySQL dump 10.13  Distrib 8.0.36',
      '--',
      '-- Host: localhost',
      '-- It\'s a comment with `odd " quotes',
      '# another; one',
      '/*!40101 SET @OLD_CHARACTER_SET_CLIENT=@@CHARACTER_SET_CLIENT */;',
      '/*!50503 SET NAMES utf8mb4 */;',
      'DROP TABLE IF EXISTS `t`;',
      CREATE,
      'LOCK TABLES `t` WRITE;',
      '/*!40000 ALTER TABLE `t` DISABLE KEYS */;',
      "INSERT INTO `t` VALUES (1,'x');",
      '/*!40000 ALTER TABLE `t` ENABLE KEYS */;',
      'UNLOCK TABLES;',
      'CREATE TABLE `other` (`x` text);',
      "INSERT INTO `other` VALUES ('; INSERT INTO `t` VALUES (9,''no'');'),('\\'');",
      `UPDATE \`other\` SET x = '${FILLER}' -- it's; over`,
      ` , y = '${FILLER}' /* it's; not */ # it's; neither`,
      ' , z = 1;',
      'DELIMITER ;;',
      "/*!50003 CREATE*/ /*!50003 TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN INSERT INTO t VALUES (8,'no'); END */;;",
      "CREATE PROCEDURE p() BEGIN INSERT INTO t VALUES (7,'no'); END ;;",
      'DELIMITER ;',
      "INSERT INTO t SELECT 6, 'no' FROM other;",
      "INSERT INTO `t` VALUES (2,'y');",
      '-- Dump completed on 2026-11-21 10:00:00',
    ].join('\n')
    await everyCut(text, 0, (events, cut) => expect(rowsIn(events), `cut at ${cut}`).toEqual([['1', 'x'], ['2', 'y']])) // prettier-ignore
  })

  test('a list of columns that is long is read whole, as is the definition of its table', async () => {
    const columns = Array.from({ length: 12 }, (_, at) => `column_${at}_${'x'.repeat(20)}`)
    const create = `CREATE TABLE t (${columns.map((name) => `${name} text COMMENT 'it''s; (one'`).join(', ')}, KEY k (${columns[0]}));\n`
    const insert = `INSERT INTO t (${columns.join(', ')}) VALUES (${columns.map((_, at) => at).join(',')});`
    await everyCut(create + insert, 0, ([table, row], cut) => {
      expect(table, `cut at ${cut}`).toMatchObject({ kind: 'TABLE', columns })
      expect(row).toMatchObject({ kind: 'ROW', row: new Map(columns.map((name, at) => [name, String(at)])) })
    })
  })

  test('rows are also read where something else than a semicolon ends statements', async () => {
    expect(
      await rows(`${CREATE}DELIMITER //\nINSERT INTO t VALUES (1,'x;')//\nDELIMITER ;\nINSERT INTO t VALUES (2,'y');`),
    ).toEqual([
      ['1', 'x;'],
      ['2', 'y'],
    ])
  })

  test('a table tells its columns, whatever else its definition holds, and the number that comes next', async () => {
    const text = [
      'CREATE TABLE IF NOT EXISTS `db`.`T` (',
      '  -- the number',
      "  `Id` int(11) NOT NULL COMMENT 'a, b; (c',",
      "  kind enum('a','b') DEFAULT 'a',",
      '  /* of old */ `key` decimal(10,2) CHECK (`key` > 0),',
      '  `json` text CHECK (json_valid(`json`)),',
      '  PRIMARY KEY (`Id`),',
      '  KEY `by_kind` (`kind`,`key`),',
      '  CONSTRAINT `c` FOREIGN KEY (`kind`) REFERENCES `o` (`k`)',
      ") ENGINE=InnoDB AUTO_INCREMENT=4711 DEFAULT CHARSET=utf8mb4 COMMENT='x; y';",
    ].join('\n')
    for (const size of [1, 5, text.length])
      expect(await read(text, ALL, size)).toEqual([
        { kind: 'TABLE', table: 't', columns: ['id', 'kind', 'key', 'json'], autoIncrement: '4711' },
      ])
  })

  test('only the columns that are wanted are kept', async () => {
    const [, row] = await read(`${CREATE}INSERT INTO \`t\` VALUES (1,'a secret');`, () => new Set(['id']))
    expect(row).toEqual({ kind: 'ROW', table: 't', row: new Map([['id', '1']]) })
  })

  test('a row of megabytes arrives whole', async () => {
    const large = "it''s ".repeat(1_000_000)
    const [row] = await rows(`${CREATE}INSERT INTO \`t\` VALUES (1,'${large}');`, 65_536)
    expect(row![1]).toBe("it's ".repeat(1_000_000))
  })
})

describe('what is no whole dump is refused', () => {
  test.each([
    ['a row that breaks off', `${CREATE}INSERT INTO \`t\` VALUES (1,'x'),(2,'y`, 'row 2 of an INSERT into t: it breaks off at'],
    ['more values than columns', `${CREATE}INSERT INTO \`t\` VALUES (1,'x',3);`, 'has 3 values where 2 columns are named'],
    ['rows without columns', "INSERT INTO `t` VALUES (1,'x');", 'without the names of their columns'],
    [
      'a value that is none',
      `${CREATE}INSERT INTO \`t\` VALUES (1,?);`,
      'row 1 of an INSERT into t: a value was expected at "?);"',
    ],
    ['another charset', '/*!40101 SET NAMES gbk */;\nINSERT INTO `t` (`id`) VALUES (1);', 'it is written in gbk'],
    ['another charset, as a statement', 'SET NAMES latin1;\n', 'it is written in latin1'],
    ['a dump cut at the end of a statement', `-- MySQL dump 10.13\n${CREATE}`, '"Dump completed"'],
    ['PostgreSQL', '--\n-- PostgreSQL database dump\n--\nCOPY t FROM stdin;\n', 'a dump of PostgreSQL'],
  ])('%s', async (_, text, message) => {
    for (const size of [1, 10, text.length]) await expect(read(text, ALL, size)).rejects.toThrow(message)
  })
})
