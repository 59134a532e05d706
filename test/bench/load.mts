/** One measurement's load: a closed loop of connections that ask again as soon as they are answered. */
import { join } from 'node:path';
import * as z from 'zod';
import { type Children, exists } from './children.mts';
import { MARK } from './prompts.mts';

/**
 * `keys`: how many of many-keys.mts to call with in turn, instead of `key`. Where the mark of prompts.mts stands in the body, each call
 * puts a number that none has put before.
 */
export type Request = { readonly url: string; readonly key: string; readonly keys?: number; readonly body: string };

/** Calls that one run makes at most, so that no two runs put the same number. */
const MOST_CALLS = 1_000_000;

const result = z.object({
  requests: z.number().nonnegative(),
  seconds: z.number().positive(),
  /** Answers with another status than 2xx. */
  badStatus: z.number(),
  /** Connections that failed or timed out. */
  broken: z.number(),
  /** Microseconds. */
  p50: z.number(),
  p99: z.number(),
});
export type LoadResult = z.infer<typeof result>;

export type LoadDriver = {
  readonly name: string;
  /** @throws when nothing was answered, or something with a bad status: the rate of errors is no rate. */
  readonly run: (request: Request, connections: number, seconds: number) => Promise<LoadResult>;
};

/** wrk where it is installed, else a generator of our own: too slow to bring the baseline to its limit, so that ratios come out better than they are. */
export function loadDriver(children: Children): LoadDriver {
  const withWrk = exists('wrk', '-v');
  let runs = 0;
  const run: LoadDriver['run'] = async ({ url, key, keys = 0, body }, connections, seconds) => {
    const command = withWrk
      ? [
          'wrk',
          '-t1',
          `-c${connections}`,
          `-d${seconds}s`,
          '--timeout',
          '10s',
          '--latency',
          '-s',
          here('load.lua'),
          url,
        ]
      : [process.execPath, here('load-generator.mts'), url, String(connections), String(seconds)];
    const first = String((runs++ % 100) * MOST_CALLS);
    const env = { BODY: body, KEY: key, KEYS: String(keys), MARK, FIRST: first };
    const child = children.start(command, { place: 'load', env });
    const printed = await child.output();
    const json = /^@@(\{.*\})$/m.exec(printed)?.[1];
    if (json === undefined) throw new Error(`The load on ${url} came to nothing:\n${printed}`);
    const measured = result.parse(JSON.parse(json));
    if (measured.requests === 0) throw new Error(`${url} answered nothing in ${seconds} s:\n${printed}`);
    if (measured.badStatus > 0)
      throw new Error(`${url} refused ${measured.badStatus} of ${measured.requests} requests`);
    return measured;
  };
  return {
    name: withWrk ? 'wrk' : 'built-in generator (wrk is not installed; it holds the baseline back, so ratios flatter)',
    run,
  };
}

const here = (file: string) => join(import.meta.dirname, file);
