import type { PresetForm } from '../../messages.ts';
import { fill, post, words } from './host.ts';

/** More than these would push the form out of sight; the language server lists them all. */
const MOST = 4;

/** The banner: what is wrong in the text, each with the way to its line. */
export function showProblems(banner: HTMLElement, { fields, problems }: PresetForm): void {
  const worst = problems.some((problem) => problem.severity === 'error') ? 'error' : 'warning';
  banner.hidden = problems.length === 0;
  banner.dataset['severity'] = worst;
  const rows = problems.slice(0, MOST).map((problem) => {
    const row = document.createElement('p');
    const line = document.createElement('button');
    line.type = 'button';
    line.className = 'link';
    line.textContent = fill(words.line, problem.line);
    line.addEventListener('click', () => post({ type: 'openText', line: problem.line }));
    row.append(icon(problem.severity), line, document.createTextNode(` ${problem.message}`));
    return row;
  });
  if (fields === null) {
    const row = document.createElement('p');
    row.textContent = words.unreadable;
    rows.push(row);
  }
  banner.replaceChildren(...rows);
}

function icon(severity: 'error' | 'warning'): HTMLSpanElement {
  const mark = document.createElement('span');
  mark.className = `codicon codicon-${severity}`;
  mark.setAttribute('aria-hidden', 'true');
  return mark;
}
