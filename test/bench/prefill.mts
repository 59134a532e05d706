/**
 * `prefill.mts <database> <generations> <keys>`: a store that was made to know one call and its key is left as if so many calls had
 * been made by so many keys on a hundred days, with all the sums that they would have left. The secrets are `secretOf` 1, 2, and so on.
 */
import { hash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { secretOf } from './many-keys.mts';

const DAYS = 100;
/** Calls that a key makes one after the other before it is another one's turn. */
const BURST = 10;

const [file = '', generations = '0', keys = '0'] = process.argv.slice(2);
const database = new DatabaseSync(file);
database.function('secret_hash', { deterministic: true }, (number) => hash('sha256', secretOf(Number(number))));
database.exec('PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY; PRAGMA cache_size = -400000; BEGIN IMMEDIATE');

/** Inserts the template of a table once for each row of `from`, with SQL of the caller's in some columns. */
function multiply(table: string, from: string, columns: Readonly<Record<string, string>>): void {
  const names = database.prepare('SELECT name FROM pragma_table_info(?)').all(table);
  const all = names.map(({ name }) => String(name));
  const unknown = Object.keys(columns).filter((name) => !all.includes(name));
  if (unknown.length > 0) throw new Error(`${table} has no ${unknown.join(', ')}: bring prefill.mts up to the schema`);
  const values = all.map((name) => columns[name] ?? `one_${table}.${name}`);
  database.exec(`INSERT INTO ${table} (${all.join(', ')}) SELECT ${values.join(', ')} FROM one_${table}, ${from}`);
}

const count = (to: number) =>
  `WITH RECURSIVE counted (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM counted WHERE n < ${to}) SELECT n FROM counted`;

database.exec(`
  CREATE TEMP TABLE one_generations AS SELECT * FROM generations LIMIT 1;
  CREATE TEMP TABLE one_api_keys AS SELECT * FROM api_keys WHERE id = (SELECT key_id FROM one_generations);
  CREATE TEMP TABLE one_usage AS SELECT * FROM usage LIMIT 1;
  CREATE TEMP TABLE numbers AS ${count(Math.max(Number(generations), Number(keys)))};
  CREATE TEMP TABLE made_keys (number INTEGER PRIMARY KEY, id TEXT);
  INSERT INTO made_keys SELECT n, lower(hex(randomblob(16))) FROM numbers WHERE n <= ${Number(keys)};
`);
multiply('api_keys', 'made_keys', {
  id: 'made_keys.id',
  hash: 'secret_hash(made_keys.number)',
  name: "'key ' || made_keys.number",
});
multiply(
  'generations',
  `(SELECT n, made_keys.id AS maker, julianday(created_at) - ${DAYS} + ${DAYS}.0 * n / ${Number(generations)} AS at
    FROM one_generations, numbers JOIN made_keys ON number = 1 + n / ${BURST} % ${Number(keys)} WHERE n <= ${Number(generations)})`,
  {
    id: "'gen-' || unixepoch(at) || '-' || hex(randomblob(10))",
    created_at: "strftime('%Y-%m-%dT%H:%M:%fZ', at)",
    key_id: 'maker',
    record: "json_set(record, '$.keyId', maker)",
  },
);
database.exec('DELETE FROM usage; DELETE FROM layer_spent');
const sums = `(SELECT key_id AS maker, substr(created_at, 1, 10) AS on_day, count(*) AS calls, max(created_at) AS last
  FROM generations GROUP BY maker, on_day)`;
const summed = Object.fromEntries(
  ['requests', 'nano', 'prompt_tokens', 'completion_tokens', 'reasoning_tokens'].map((name) => [
    name,
    `one_usage.${name} / one_usage.requests * calls`,
  ]),
);
multiply('usage', sums, { ...summed, day: 'on_day', key_id: 'maker', last_used_at: 'last' });
database.exec(`
  INSERT INTO layer_spent (layer, day, nano)
    SELECT 'key:' || key_id, substr(created_at, 1, 10) AS on_day, sum(nano) FROM generations GROUP BY key_id, on_day
    UNION ALL SELECT 'key:' || key_id, '*', sum(nano) FROM generations GROUP BY key_id;
  COMMIT;
`);
const rows = (table: string) => Number(database.prepare(`SELECT count(*) AS rows FROM ${table}`).get()?.['rows']);
console.log(JSON.stringify({ generations: rows('generations'), keys: rows('api_keys'), usage: rows('usage') }));
database.close();
