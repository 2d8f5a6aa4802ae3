/**
 * One of each kind of object that MariaDB holds and a backup may lose, and how to see that it is the same
 * elsewhere.
 */
import type { DatabaseStage, StageOptions } from './database-stage.ts';

/** A table, or another object, and questions to it. Answers before and after must be equal. */
interface MatrixObject {
  readonly name: string;
  readonly make: string;
  /** Questions besides those that all tables, views, routines, triggers and events get. */
  readonly ask?: string;
  readonly onlySince?: '11.8';
}

const bytes256 = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0')).join('');

/** Its schema is jtel, unless it says otherwise. */
const objects: readonly MatrixObject[] = [
  {
    name: 'sequence with its position',
    make: `CREATE SEQUENCE numbers START WITH 5 INCREMENT BY 3 CACHE 10; DO NEXTVAL(numbers); DO NEXTVAL(numbers);
    CREATE SEQUENCE downwards START WITH -1 INCREMENT BY -1 MINVALUE -1000 MAXVALUE -1 NOCACHE; DO NEXTVAL(downwards);
    CREATE SEQUENCE used_up MAXVALUE 2 NOCACHE; DO NEXTVAL(used_up); DO NEXTVAL(used_up); CREATE SEQUENCE untouched`,
    ask: 'SELECT next_not_cached_value, cycle_count FROM numbers; SELECT next_not_cached_value FROM downwards; SELECT next_not_cached_value FROM used_up; SELECT next_not_cached_value FROM untouched',
  },
  {
    name: 'sequence as the default of a column',
    make: `CREATE SEQUENCE jtelstats.tickets; CREATE TABLE ticket (id BIGINT PRIMARY KEY DEFAULT NEXTVAL(jtelstats.tickets), t TEXT);
    INSERT INTO ticket (t) VALUES ('a'), ('b'), ('c')`,
    ask: 'SELECT next_not_cached_value FROM jtelstats.tickets',
  },
  {
    name: 'system-versioned with history',
    make: `CREATE TABLE versioned (id INT PRIMARY KEY, v INT, t TEXT) WITH SYSTEM VERSIONING; INSERT INTO versioned VALUES (1, 1, 'x'), (2, 1, 'y');
    SET @@timestamp = 1700000000.25; UPDATE versioned SET v = 2; SET @@timestamp = 1700000100.5; UPDATE versioned SET v = 3 WHERE id = 1; DELETE FROM versioned WHERE id = 2; SET @@timestamp = DEFAULT`,
    ask: 'SELECT COUNT(*) FROM versioned FOR SYSTEM_TIME ALL; SELECT COUNT(*) FROM versioned FOR SYSTEM_TIME AS OF FROM_UNIXTIME(1700000050)',
  },
  {
    name: 'system-versioned, bitemporal, with names of its own',
    make: `CREATE TABLE bitemporal (id INT, v INT, f DATE, t DATE, s TIMESTAMP(6) GENERATED ALWAYS AS ROW START INVISIBLE, e TIMESTAMP(6) GENERATED ALWAYS AS ROW END INVISIBLE,
    PERIOD FOR valid (f, t), PERIOD FOR SYSTEM_TIME (s, e), UNIQUE (id, valid WITHOUT OVERLAPS)) WITH SYSTEM VERSIONING;
    INSERT INTO bitemporal VALUES (1, 1, '2026-01-01', '2026-12-31'); UPDATE bitemporal FOR PORTION OF valid FROM '2026-03-01' TO '2026-04-01' SET v = 2`,
    ask: 'SELECT COUNT(*) FROM bitemporal FOR SYSTEM_TIME ALL',
  },
  {
    name: 'partitioned, also by system time',
    make: `CREATE TABLE parted (id INT PRIMARY KEY, t TEXT) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN MAXVALUE);
    INSERT INTO parted VALUES (1, 'a'), (10, 'b'); CREATE TABLE parted_history (id INT, v INT) WITH SYSTEM VERSIONING PARTITION BY SYSTEM_TIME (PARTITION h HISTORY, PARTITION n CURRENT);
    INSERT INTO parted_history VALUES (1, 1); UPDATE parted_history SET v = 2`,
    ask: 'SELECT COUNT(*) FROM parted PARTITION (p1); SELECT COUNT(*) FROM parted_history FOR SYSTEM_TIME ALL',
  },
  {
    name: 'Aria, MyISAM, MEMORY, CSV, ARCHIVE-like engines',
    make: `CREATE TABLE an_aria (id INT PRIMARY KEY, t TEXT) ENGINE = Aria TRANSACTIONAL = 1; INSERT INTO an_aria VALUES (1, 'a');
    CREATE TABLE a_myisam (id INT AUTO_INCREMENT PRIMARY KEY, t TEXT, FULLTEXT (t)) ENGINE = MyISAM; INSERT INTO a_myisam (t) VALUES ('one two three');
    CREATE TABLE a_csv (id INT NOT NULL, t VARCHAR(20) NOT NULL) ENGINE = CSV; INSERT INTO a_csv VALUES (1, 'a"b,c')`,
  },
  {
    name: 'foreign keys in a circle, and to another schema',
    make: `CREATE TABLE hen (id INT PRIMARY KEY, egg INT); CREATE TABLE egg (id INT PRIMARY KEY, hen INT, FOREIGN KEY (hen) REFERENCES hen (id));
    ALTER TABLE hen ADD FOREIGN KEY (egg) REFERENCES egg (id); INSERT INTO hen VALUES (1, NULL); INSERT INTO egg VALUES (1, 1); UPDATE hen SET egg = 1;
    CREATE TABLE jtelstats.nest (id INT PRIMARY KEY, hen INT, FOREIGN KEY (hen) REFERENCES jtel.hen (id) ON DELETE CASCADE); INSERT INTO jtelstats.nest VALUES (7, 1)`,
  },
  {
    name: 'generated and invisible columns, CHECK, default expressions',
    make: `CREATE TABLE made (id INT PRIMARY KEY, v INT AS (id * 2) VIRTUAL, s VARCHAR(40) AS (CONCAT('n', id)) STORED, hidden INT INVISIBLE DEFAULT 7,
    c INT CHECK (c > 0), d DATE DEFAULT (CURRENT_DATE + INTERVAL 1 DAY), KEY (v)); INSERT INTO made (id, hidden, c, d) VALUES (1, 42, 5, '2026-01-01');
    SET check_constraint_checks = 0; INSERT INTO made (id, c, d) VALUES (2, -5, '2026-01-01'); SET check_constraint_checks = 1; CREATE TABLE only_made (v INT AS (1) VIRTUAL, i INT INVISIBLE);
    INSERT INTO only_made VALUES (), ()`,
    ask: 'SELECT id, v, s, hidden, c FROM made; SELECT COUNT(*) FROM only_made',
  },
  {
    name: 'names with everything',
    make:
      "CREATE TABLE `a table - #1 ä.b%/\\\\``'\"\t;$` (`col umn - # ü``` INT PRIMARY KEY, `sel``ect` TEXT COMMENT 'it''s \\\\ ;\n-- x'); INSERT INTO `a table - #1 ä.b%/\\\\``'\"\t;$` VALUES (1, 'x');\n" +
      'CREATE TABLE `.hidden` (id INT PRIMARY KEY); INSERT INTO `.hidden` VALUES (1); CREATE TABLE `#sql-like` (id INT PRIMARY KEY); INSERT INTO `#sql-like` VALUES (1); CREATE TABLE `-x` (id INT PRIMARY KEY)',
  },
  {
    name: 'spatial and fulltext',
    make: `CREATE TABLE shapes (id INT PRIMARY KEY, p POINT NOT NULL, g GEOMETRY, SPATIAL INDEX (p)); INSERT INTO shapes VALUES (1, ST_GeomFromText('POINT(1.5 -2)', 4326), ST_GeomFromText('POLYGON((0 0,0 1,1 1,0 0))')), (2, POINT(0, 39), NULL);
    CREATE TABLE words (id INT PRIMARY KEY, t TEXT, FULLTEXT KEY (t)); INSERT INTO words VALUES (1, 'hello wonderful world')`,
    ask: "SELECT id FROM words WHERE MATCH (t) AGAINST ('wonderful'); SELECT id, ST_AsText(p), ST_SRID(p), ST_AsText(g) FROM shapes",
  },
  {
    name: 'page-compressed, ROW_FORMAT, column-compressed',
    make: `CREATE TABLE squeezed (id INT PRIMARY KEY, t TEXT COMPRESSED) PAGE_COMPRESSED = 1; INSERT INTO squeezed VALUES (1, REPEAT('x', 10000)), (2, REPEAT('yz', 5000));
    CREATE TABLE zipped (id INT PRIMARY KEY, t TEXT) ROW_FORMAT = DYNAMIC; INSERT INTO zipped VALUES (1, 'a')`,
  },
  {
    name: 'JSON, UUID, INET6, SET, ENUM, BIT',
    make: `CREATE TABLE typed (id INT PRIMARY KEY, j JSON, u UUID, i INET6, i4 INET4, s SET('a','b c','d''e'), e ENUM('x','y''z',''), b BIT(64), b1 BIT(1));
    INSERT INTO typed VALUES (1, '{"a":[1,"\\\\u00e4\\\\n"],"b":null}', '123e4567-e89b-12d3-a456-426655440000', '2001:db8::ff00:42:8329', '10.0.0.1', 'a,d''e', 'y''z', b'1000000000000000000000000000000000000000000000000000000000000001', b'1');
    SET sql_mode = ''; INSERT INTO typed VALUES (2, NULL, NULL, NULL, NULL, '', 'no member', NULL, NULL), (3, '[]', NULL, '::', NULL, NULL, '', b'0', b'0'); SET sql_mode = DEFAULT`,
    ask: 'SELECT id, j, u, i, s + 0, e + 0, HEX(b), b1 + 0 FROM typed',
  },
  {
    name: 'VECTOR',
    onlySince: '11.8',
    make: `CREATE TABLE vectors (id INT PRIMARY KEY, v VECTOR(3) NOT NULL, VECTOR INDEX (v)); INSERT INTO vectors VALUES (1, VEC_FromText('[1,2,0.1]')), (2, VEC_FromText('[39,0,1e-20]'))`,
    ask: 'SELECT id, VEC_ToText(v) FROM vectors',
  },
  {
    name: 'BLOB with all bytes',
    make: `CREATE TABLE every_byte (id INT PRIMARY KEY, b LONGBLOB, v VARBINARY(600), c BINARY(4), n LONGBLOB); INSERT INTO every_byte VALUES (1, 0x${bytes256}, CONCAT(0x${bytes256}, 0x27275C5C, 0x${bytes256}), 0x00, NULL), (2, '', '', '', 'NULL')`,
    ask: 'SELECT id, HEX(b), HEX(v), HEX(c), HEX(n) FROM every_byte',
  },
  {
    name: 'numbers at their ends',
    make: `CREATE TABLE numbers_all (id INT PRIMARY KEY, f FLOAT, f2 FLOAT(7,2), d DOUBLE, m DECIMAL(65,30), b BIGINT, u BIGINT UNSIGNED, t TINYINT, y YEAR, z INT(6) ZEROFILL);
    INSERT INTO numbers_all VALUES (1, 16777216, 12345.67, 0.1e0 + 0.2e0, 1234567890123456789012345678901234.123456789012345678901234567891, -9223372036854775808, 18446744073709551615, -128, 2026, 42),
    (2, 16777215, 0.01, 1.7976931348623157e308, -0.000000000000000000000000000001, 9223372036854775807, 0, 127, 0, 1), (3, 1.17549435e-38, -0.01, 2.2250738585072014e-308, 0, 0, 0, 0, NULL, 0), (4, 0.1, 3, 4.9e-324, 0, 0, 0, 0, NULL, 0), (5, 123456.789, 0, -1e-5, 0, 0, 0, 0, NULL, 0);
    CREATE TABLE floats (id INT PRIMARY KEY, f FLOAT NOT NULL, d DOUBLE); INSERT INTO floats SELECT seq, EXP(RAND(seq) * 170 - 85), EXP(RAND(seq + 7) * 1400 - 700) FROM seq_1_to_2000`,
    ask: 'SELECT id, CAST(f AS DOUBLE), f2, d, m FROM numbers_all; SELECT SUM(CAST(f AS DOUBLE) = 0), MD5(GROUP_CONCAT(HEX(CAST(CAST(f AS DOUBLE) AS CHAR)) ORDER BY id)), MD5(GROUP_CONCAT(d ORDER BY id)) FROM floats',
  },
  {
    name: 'times: zero dates, microseconds, time zones',
    make: `SET sql_mode = 'ALLOW_INVALID_DATES', time_zone = '+00:00'; CREATE TABLE times (id INT PRIMARY KEY, d DATE, dt DATETIME(6), ts TIMESTAMP(6) NULL, t TIME(6), y YEAR);
    INSERT INTO times VALUES (1, '0000-00-00', '0000-00-00 00:00:00', '0000-00-00 00:00:00', '-838:59:59.999999', 1901), (2, '2026-02-31', '2026-10-25 02:30:00.123456', '2026-10-25 00:30:00.000001', '838:59:59', 2155),
    (3, '2026-00-10', '9999-12-31 23:59:59.999999', '2026-10-25 01:30:00', '00:00:00.000001', NULL); SET sql_mode = DEFAULT, time_zone = DEFAULT`,
  },
  {
    name: 'character sets and collations',
    make: `CREATE TABLE texts (id INT PRIMARY KEY, l VARCHAR(300) CHARACTER SET latin1, u3 VARCHAR(50) CHARACTER SET utf8mb3, u4 TEXT, n VARCHAR(50) CHARACTER SET utf8mb4 COLLATE utf8mb4_uca1400_german2_ai_ci, w VARCHAR(20) CHARACTER SET utf16, a VARCHAR(20) CHARACTER SET ascii);
    INSERT INTO texts VALUES (1, CONVERT(0x${bytes256} USING latin1), 'Grüße €', '😀 it''s a \\\\ "quote" \\n\\t\\r\\0\\Z end\\\\', 'ß', '😀ä', 'a''b'), (2, 'NULL', NULL, '', 'NULL', NULL, 'x'), (3, 'Ä''ö', 'ü''', '\\n'',(1', '', 'w', NULL);
    UPDATE texts SET l = CONVERT(0x8081FFFE USING latin1) WHERE id = 2; CREATE TABLE old_words (w VARCHAR(10)) CHARACTER SET latin1 COLLATE latin1_german1_ci; INSERT INTO old_words VALUES ('Straße')`,
    ask: 'SELECT id, HEX(l), HEX(u3), HEX(u4), HEX(n), HEX(w), HEX(a) FROM texts',
  },
  {
    name: 'large rows: 20 MB each, and a BLOB of 40 MiB',
    make: `CREATE TABLE large (id INT PRIMARY KEY, t LONGTEXT, b LONGBLOB); INSERT INTO large VALUES (1, REPEAT('it''s "20" MB; ', 1400000), NULL), (2, NULL, REPEAT(0x00, 41943040))`,
  },
  {
    name: 'views across two schemas, in both directions, with functions',
    make: `CREATE TABLE base (id INT PRIMARY KEY, t TEXT); INSERT INTO base VALUES (1, 'a'), (2, 'b'); CREATE FUNCTION twice (n INT) RETURNS INT DETERMINISTIC RETURN 2 * n;
    CREATE VIEW jtelstats.z_one AS SELECT id, jtel.twice(id) AS two FROM jtel.base; CREATE VIEW jtel.a_two AS SELECT * FROM jtelstats.z_one WHERE id > 0; CREATE VIEW jtelstats.a_three AS SELECT COUNT(*) AS n, 'ä' AS u FROM jtel.a_two;
    CREATE ALGORITHM = MERGE SQL SECURITY INVOKER VIEW jtel.\`odd view ä\` (\`c d\`) AS SELECT id FROM jtel.base WITH CASCADED CHECK OPTION`,
    ask: 'SELECT * FROM jtelstats.z_one; SELECT * FROM a_two; SELECT * FROM jtelstats.a_three; SELECT * FROM `odd view ä`',
  },
  {
    name: 'routines with comments, and a package',
    make: `DELIMITER //
CREATE PROCEDURE noted (IN a INT) COMMENT 'it''s' BEGIN /* kept; comment */ -- this one, too
  SELECT a; /*! SELECT 2; */ # and 'this'
END //
SET sql_mode = 'ORACLE' //
CREATE PACKAGE tools AS FUNCTION f RETURN INT; END //
CREATE PACKAGE BODY tools AS FUNCTION f RETURN INT AS BEGIN RETURN 3; END; END //
SET sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT' //
CREATE FUNCTION joined () RETURNS VARCHAR(20) CHARACTER SET utf8mb4 DETERMINISTIC RETURN 'ä' || 'ö' //
SET sql_mode = DEFAULT //
SET NAMES latin1 //
CREATE FUNCTION old_client () RETURNS VARCHAR(20) CHARACTER SET latin1 DETERMINISTIC RETURN HEX('\xc4') //
SET NAMES utf8mb4 //
DELIMITER ;
`,
    ask: "SET sql_mode = 'ORACLE'; SELECT tools.f(); SET sql_mode = DEFAULT; SELECT joined(), old_client()",
  },
  {
    name: 'triggers in order, events',
    make: `CREATE TABLE watched (id INT PRIMARY KEY, log VARCHAR(100) DEFAULT ''); CREATE TRIGGER second BEFORE INSERT ON watched FOR EACH ROW SET NEW.log = CONCAT(NEW.log, '2');
    CREATE TRIGGER first BEFORE INSERT ON watched FOR EACH ROW PRECEDES second SET NEW.log = CONCAT(NEW.log, '1;'); INSERT INTO watched (id) VALUES (1);
    SET time_zone = '+03:00'; CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY STARTS '2030-01-01 03:00:00' ENDS '2031-01-01 00:00:00' COMMENT 'at night' DO DELETE FROM jtel.watched WHERE id < 0;
    CREATE EVENT \`off ä\` ON SCHEDULE AT '2037-01-01 00:00:00' ON COMPLETION PRESERVE DISABLE DO SET @a = ';'; SET time_zone = DEFAULT`,
    ask: 'INSERT INTO watched (id) VALUES (2); SELECT log FROM watched WHERE id = 2; DELETE FROM watched WHERE id = 2',
  },
  {
    name: 'definers that exist here only, or nowhere',
    make: `CREATE USER owner@'10.0.0.%' IDENTIFIED BY 'pw'; GRANT ALL ON jtel.* TO owner@'10.0.0.%'; CREATE DEFINER = owner@'10.0.0.%' VIEW owned AS SELECT id FROM base;
    CREATE DEFINER = owner@'10.0.0.%' FUNCTION owned_function () RETURNS INT DETERMINISTIC RETURN (SELECT COUNT(*) FROM jtel.base); CREATE DEFINER = gone@nowhere PROCEDURE orphan () SELECT 1;
    CREATE DEFINER = gone@nowhere VIEW orphan_view AS SELECT 1 AS one`,
    ask: 'SELECT * FROM owned; SELECT owned_function()',
  },
  {
    name: 'users, roles, grants, default roles',
    make: `CREATE ROLE reader; CREATE ROLE writer; GRANT SELECT ON jtel.* TO reader; GRANT reader TO writer; GRANT INSERT, UPDATE (t) ON jtel.base TO writer;
    CREATE USER 'it''s "me"'@'%' IDENTIFIED BY 'p''w' REQUIRE SSL WITH MAX_USER_CONNECTIONS 5; GRANT writer TO 'it''s "me"'@'%' WITH ADMIN OPTION; SET DEFAULT ROLE writer FOR 'it''s "me"'@'%';
    GRANT EXECUTE ON FUNCTION jtel.twice TO 'it''s "me"'@'%'; GRANT PROCESS, RELOAD ON *.* TO 'it''s "me"'@'%' WITH GRANT OPTION; CREATE USER locked@localhost ACCOUNT LOCK PASSWORD EXPIRE NEVER`,
  },
  {
    name: 'schema with another collation',
    make: "CREATE FUNCTION of_old_collation (a VARCHAR(5)) RETURNS INT DETERMINISTIC RETURN LENGTH(a); ALTER DATABASE jtelstats CHARACTER SET latin1 COLLATE latin1_swedish_ci; CREATE TABLE jtelstats.plain (t VARCHAR(20)); INSERT INTO jtelstats.plain VALUES ('Ärger')",
  },
];

const schemas = ['jtel', 'jtelstats'];

function chosen(series: StageOptions['series']): readonly MatrixObject[] {
  return objects.filter(({ onlySince }) => onlySince === undefined || series === undefined);
}

/** Makes everything, also temporary tables, which no backup has. */
export async function makeMatrix(stage: DatabaseStage, series: StageOptions['series']): Promise<void> {
  await stage.sql(
    'CREATE DATABASE jtel CHARACTER SET utf8mb4; CREATE DATABASE jtelstats CHARACTER SET utf8mb4',
  );
  for (const { name, make } of chosen(series)) {
    const command = [
      'mariadb',
      '--defaults-file=/dev/shm/jtel/client.cnf',
      '--binary-mode',
      '--comments',
      '--default-character-set=utf8mb4',
    ];
    await stage.docker
      .exec(stage.database, command, { input: `USE jtel;\n${make};\n` })
      .catch((error: unknown) => {
        throw new Error(`${name}: ${String(error)}`, { cause: error });
      });
  }
}

/** Everything that can be asked, as lines. Every server gets the same questions. */
export async function lookAtMatrix(
  stage: DatabaseStage,
  server: string,
  series: StageOptions['series'],
): Promise<readonly string[]> {
  const sql = async (statements: string): Promise<readonly string[]> =>
    (
      await stage.sql(
        `SET NAMES utf8mb4, group_concat_max_len = 100000000, time_zone = '+00:00'; ${statements}`,
        server,
      )
    ).split('\n');
  const inSchemas = `IN ('${schemas.join("', '")}')`;
  // Each value counts by the digest of its bytes. Rows come in an order that does not depend on where they
  // lie.
  const quoted = "CONCAT('`', REPLACE(column_name, '`', '``'), '`')";
  const value = `CONCAT('IFNULL(MD5(CAST(', ${quoted}, IF(data_type = 'float', ' AS DOUBLE)),0)', ' AS BINARY)),0)'))`;
  const tables =
    await sql(`SELECT CONCAT('\`', REPLACE(t.table_schema, '\`', '\`\`'), '\`.\`', REPLACE(t.table_name, '\`', '\`\`'), '\`'),
    t.table_type, GROUP_CONCAT(${value} ORDER BY ordinal_position)
    FROM information_schema.tables t LEFT JOIN information_schema.columns c USING (table_schema, table_name)
    WHERE t.table_schema ${inSchemas} GROUP BY 1, 2 ORDER BY 1`);
  const questions = tables.map((line) => {
    const [name = '', type = '', values = ''] = line.split('\t').map(unescape);
    if (type === 'VIEW' || type === 'SEQUENCE') return `SHOW CREATE ${type} ${name};\n`;
    const all = type === 'SYSTEM VERSIONED' ? `${name} FOR SYSTEM_TIME ALL` : name;
    return `SHOW CREATE TABLE ${name};\nSELECT CONCAT_WS(' ', ${values}) AS row_text FROM ${all} ORDER BY 1;\n`;
  });
  const accounts = await sql(
    "SELECT IF(is_role = 'Y', QUOTE(User), CONCAT(QUOTE(User), '@', QUOTE(Host))) FROM mysql.user WHERE User NOT IN ('root', 'mariadb.sys', 'PUBLIC') ORDER BY 1",
  );
  const lines = await sql(`${questions.join('')}
    SELECT schema_name, default_character_set_name, default_collation_name FROM information_schema.schemata WHERE schema_name ${inSchemas} ORDER BY 1;
    SELECT db, name, type, security_type, definer, sql_mode, character_set_client, collation_connection, db_collation, comment, MD5(body), MD5(param_list), MD5(returns) FROM mysql.proc WHERE db ${inSchemas} ORDER BY 1, 2, 3;
    SELECT trigger_schema, trigger_name, event_object_table, action_order, action_timing, action_statement, sql_mode, definer, character_set_client FROM information_schema.triggers WHERE trigger_schema ${inSchemas} ORDER BY 1, 2;
    SELECT event_schema, event_name, definer, time_zone, event_definition, event_type, execute_at, interval_value, interval_field, sql_mode, starts, ends, status, on_completion, event_comment FROM information_schema.events WHERE event_schema ${inSchemas} ORDER BY 1, 2;
    SELECT User, Host, is_role, default_role FROM mysql.user ORDER BY 1, 2; SELECT Host, User, Role, Admin_option FROM mysql.roles_mapping WHERE User <> 'root' ORDER BY 1, 2, 3;
    ${accounts.map((account) => `SHOW GRANTS FOR ${unescape(account)};\n`).join('')}
    ${chosen(series)
      .flatMap(({ name, ask }) => (ask === undefined ? [] : [`SELECT '${name}'; USE jtel; ${ask};\n`]))
      .join('')}`);
  return lines.map((line) => line.replace(/ AUTO_INCREMENT=\d+/, ''));
}

function unescape(field: string): string {
  return field.replaceAll(
    /\\(.)/g,
    (_, character: string) => ({ n: '\n', t: '\t', 0: '\0' })[character] ?? character,
  );
}
