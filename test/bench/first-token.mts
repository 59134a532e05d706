/**
 * `first-token.mts <pairs>`, environment DIRECT and VIA (each JSON: url, key, body): streams paced answers, one straight from the
 * upstream and one through the gateway in turn. Prints the milliseconds to each first token as JSON: `{"direct":[…],"via":[…]}`.
 */
import { Pool } from 'undici';
import * as z from 'zod';

const target = z.object({ url: z.string(), key: z.string(), body: z.string() });
const pools = new Map<string, Pool>();

async function firstTokenMs({ url, key, body }: z.infer<typeof target>): Promise<number> {
  const { origin, pathname } = new URL(url);
  const pool = pools.get(origin) ?? new Pool(origin, { connections: 1 });
  pools.set(origin, pool);
  const startedMs = performance.now();
  const headers = { 'content-type': 'application/json', ...(key ? { authorization: `Bearer ${key}` } : {}) };
  const answer = await pool.request({ method: 'POST', path: pathname, headers, body });
  if (answer.statusCode !== 200) throw new Error(`${url}: ${answer.statusCode} ${await answer.body.text()}`);
  let ms: number | null = null;
  let last = '';
  for await (const chunk of answer.body) {
    last = String(chunk);
    if (ms === null && last.includes('"tok0 "')) ms = performance.now() - startedMs;
  }
  if (ms === null || !last.includes('[DONE]')) throw new Error(`${url}: not a whole stream`);
  return ms;
}

const pairs = Number(process.argv[2]);
const direct = target.parse(JSON.parse(process.env['DIRECT'] ?? ''));
const via = target.parse(JSON.parse(process.env['VIA'] ?? ''));
const times = { direct: [] as number[], via: [] as number[] };
for (let warm = 0; warm < 10; warm += 1) for (const each of [direct, via]) await firstTokenMs(each);
for (let pair = 0; pair < pairs; pair += 1) {
  times.direct.push(await firstTokenMs(direct));
  times.via.push(await firstTokenMs(via));
}
console.log(JSON.stringify(times));
for (const pool of pools.values()) await pool.destroy();
