import type { LanguageHost } from '../protocol.ts';
import type { LanguageLog } from './language-log.ts';
import type { HostView } from './room.ts';

/** The daemon, asked so that its failures are an answer: a room must not take "cannot say" for "there are none". */
export function hostView(host: LanguageHost, log: LanguageLog): HostView {
  const orNull = async <T>(what: string, ask: () => Promise<T>): Promise<T | null> => {
    try {
      return await ask();
    } catch (error) {
      log.warn(`language server: no ${what}: ${String(error)}`);
      return null;
    }
  };
  return {
    baseUrl: () => host.baseUrl(),
    models: () => orNull('models', () => host.models()),
    presets: () => orNull('presets', () => host.presets()),
  };
}
