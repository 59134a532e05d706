import type { FromForm } from '../../messages.ts';

declare function acquireVsCodeApi(): { postMessage(message: unknown): void };

const host = acquireVsCodeApi();

export function post(message: FromForm): void {
  host.postMessage(message);
}

/** The element of that id; the page and its script are made together, so a missing one is a bug. */
export function element<T extends HTMLElement>(id: string, type: new () => T): T {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} #${id}`);
  return found;
}

export type Words = Readonly<
  Record<
    | 'line'
    | 'unreadable'
    | 'fallbacks'
    | 'others'
    | 'unknownModel'
    | 'noModels'
    | 'perMillion'
    | 'by'
    | 'context'
    | 'noPrice'
    | 'noMatch'
    | 'notANumber',
    string
  >
>;

export const words = JSON.parse(document.getElementById('words')?.textContent ?? '{}') as Words;

export function fill(template: string, value: string | number): string {
  return template.replace('{0}', String(value));
}
