/** Longer names are nobody's typing error, and comparing them would cost. */
const LONGEST = 100;

/**
 * The names a person may have meant, best first: those a few typing errors away, and those that begin with what was typed.
 * Case and the separators `_`, `-` and space do not count, so `maxTokens` finds `max_tokens`.
 */
export function nearestNames(name: string, names: readonly string[], most = 3): readonly string[] {
  const wanted = plain(name);
  if (wanted === '' || name.length > LONGEST) return [];
  const allowed = Math.min(4, Math.ceil(wanted.length / 3));
  return [...new Set(names)]
    .flatMap((candidate) => {
      if (candidate.length > LONGEST) return [];
      const other = plain(candidate);
      const beginsWith = wanted.length >= 3 && other.startsWith(wanted);
      if (!beginsWith && Math.abs(other.length - wanted.length) > allowed) return [];
      const distance = beginsWith ? 1 : editDistance(wanted, other);
      return distance <= allowed ? [{ candidate, distance }] : [];
    })
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, most)
    .map(({ candidate }) => candidate);
}

/** ` Did you mean "x" or "y"?`, or nothing: to be put behind a message. */
export function didYouMean(name: string, names: readonly string[]): string {
  const near = nearestNames(name, names).map((found) => JSON.stringify(found));
  if (near.length === 0) return '';
  const last = near.at(-1);
  return ` Did you mean ${near.length === 1 ? last : `${near.slice(0, -1).join(', ')} or ${last}`}?`;
}

function plain(name: string): string {
  return name.toLowerCase().replace(/[\s_-]+/g, '');
}

/** Insertions, deletions, substitutions and swaps of neighbours (optimal string alignment), in three rows of memory. */
function editDistance(a: string, b: string): number {
  let beforeLast: readonly number[] = [];
  let last: readonly number[] = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min(at(last, j) + 1, at(row, j - 1) + 1, at(last, j - 1) + (same ? 0 : 1));
      if (a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) best = Math.min(best, at(beforeLast, j - 2) + 1);
      row.push(best);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, b.length);
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
