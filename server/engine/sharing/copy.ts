import { NO_USAGE } from '../../pricing/usage.ts';
import { spliceTopLevel } from '../splice.ts';
import { usageReport } from '../usage-report.ts';

const FREE = { nano: 0, source: 'computed', promptNano: 0, completionNano: 0 } as const;

/**
 * Gives an answer to somebody else: under its own id and time, with nothing used and nothing charged, and without the route of the
 * call it was made for. All else stands.
 */
export class Copy {
  readonly #members: Readonly<Record<string, string | null>>;
  readonly #usage = JSON.stringify(usageReport(null, NO_USAGE, FREE));

  constructor(id: string, now: Date) {
    const created = String(Math.floor(now.getTime() / 1000));
    this.#members = { id: JSON.stringify(id), created, openrouter_metadata: null };
  }

  json(body: string): string {
    return spliceTopLevel(body, { ...this.#members, usage: this.#usage });
  }

  /** One or more whole events. */
  events(text: string): string {
    let out = '';
    for (const event of text.split('\n\n')) {
      if (event === '') continue;
      const data = event.startsWith('data: {') ? event.slice('data: '.length) : null;
      out += data === null ? `${event}\n\n` : `data: ${this.#chunk(data)}\n\n`;
    }
    return out;
  }

  #chunk(data: string): string {
    // Only one chunk of a stream tells its usage: the others must not be given one.
    const hasUsage = data.includes('"usage"') && 'usage' in (JSON.parse(data) as object);
    return spliceTopLevel(data, hasUsage ? { ...this.#members, usage: this.#usage } : this.#members);
  }
}
