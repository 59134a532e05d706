/**
 * How long the extension's activation took in the editor suite's last run, which a benchmark outside VS Code cannot measure. The
 * suite leaves `activation.json` in the cache folder: `{"ms": 31.4, "at": "2026-01-01T00:00:00.000Z"}`.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod';
import { cacheFolder } from '../e2e/host/paths.mts';

const measured = z.object({ ms: z.number().positive(), at: z.string() });

export type Activation = z.infer<typeof measured> | { readonly ms: null; readonly why: string };

export function lastActivation(): Activation {
  const file = join(cacheFolder(), 'activation.json');
  try {
    return measured.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    return { ms: null, why: `${file} is not there: the editor suite has not measured it` };
  }
}
