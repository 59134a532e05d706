import * as z from 'zod';
import type { Api } from './api.ts';

/** A DELETE that answers with nothing of note. */
export function deletion(api: Api, path: string): Promise<unknown> {
  return api.call(z.looseObject({}), 'DELETE', path);
}
