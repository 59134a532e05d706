import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { InjectionModel } from './model.ts';

export const MODEL_FILE = 'injection-model.bin';

/** The shipped model: among the bundle's assets, or beside this file when run from source. Throws when it is missing or damaged. */
export function loadModel(): InjectionModel {
  const bundled = join(__dirname, 'assets', MODEL_FILE);
  return InjectionModel.read(readFileSync(existsSync(bundled) ? bundled : join(__dirname, MODEL_FILE)));
}
