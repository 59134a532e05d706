import { l10n, window } from 'vscode';
import type { BehaviorMoved } from '../../server/protocol.ts';

/** Tells that a behavior has lost trust by itself, or has earned more; what a person did need not be told back. */
export async function showBehaviorMoved({
  name,
  why,
  detail,
  tier,
  tier_before: before,
}: BehaviorMoved): Promise<void> {
  if (why === 'earned') {
    await window.showInformationMessage(
      l10n.t('The behavior “{0}” has earned tier C: `callgate behaviors promote` gives it.', name),
    );
  } else if (FAILURES.has(why) && tier !== before) {
    await window.showWarningMessage(
      l10n.t('The behavior “{0}” was demoted from {1} to {2}: {3}', name, before, tier, detail ?? why),
    );
  }
}

const FAILURES: ReadonlySet<string> = new Set(['block', 'injection', 'runaway', 'cap']);
