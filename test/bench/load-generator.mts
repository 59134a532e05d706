/**
 * What load.lua is to wrk, on undici: `load-generator.mts <url> <connections> <seconds>`, environment BODY, KEY or KEYS, MARK and FIRST.
 * Prints the same line of JSON. Answers are read to their end and thrown away.
 */
import { Pool } from 'undici';
import { secretOf } from './many-keys.mts';

const [url = '', connections = '1', seconds = '1'] = process.argv.slice(2);
const { origin, pathname } = new URL(url);
const count = Number(connections);
const pool = new Pool(origin, { connections: count, pipelining: 1 });
const key = process.env['KEY'];
const keys = Number(process.env['KEYS'] ?? 0);
let asked = 0;
function headers(): Record<string, string> {
  const type = { 'content-type': 'application/json' };
  asked += 1;
  if (keys > 0) return { ...type, authorization: `Bearer ${secretOf((asked % keys) + 1)}` };
  return key ? { ...type, authorization: `Bearer ${key}` } : type;
}
const mark = process.env['MARK'] || null;
const given = process.env['BODY'] ?? '';
const isMarked = mark !== null && given.includes(mark);
let number = Number(process.env['FIRST'] ?? 0);
function body(): string {
  if (!isMarked) return given;
  number += 1;
  return given.replaceAll(mark, String(number).padStart(8, '0'));
}

const latencies: number[] = [];
let badStatus = 0;
let broken = 0;
const startedMs = performance.now();
const endMs = startedMs + Number(seconds) * 1000;

async function connection(): Promise<void> {
  while (performance.now() < endMs) {
    const askedMs = performance.now();
    try {
      const answer = await pool.request({ method: 'POST', path: pathname, headers: headers(), body: body() });
      await answer.body.dump({ limit: Number.MAX_SAFE_INTEGER });
      if (answer.statusCode < 200 || answer.statusCode > 299) badStatus += 1;
      latencies.push((performance.now() - askedMs) * 1000);
    } catch {
      broken += 1;
    }
  }
}

await Promise.all(Array.from({ length: count }, connection));
const elapsed = (performance.now() - startedMs) / 1000;
await pool.destroy();
latencies.sort((a, b) => a - b);
const percentile = (share: number) => Math.round(latencies[Math.floor(latencies.length * share)] ?? 0);
const line = {
  requests: latencies.length,
  seconds: elapsed,
  badStatus,
  broken,
  p50: percentile(0.5),
  p99: percentile(0.99),
};
console.log(`@@${JSON.stringify(line)}`);
