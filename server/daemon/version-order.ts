/** Whether `version` comes after `than` by semantic versioning's order; what is no version comes before all that are. */
export function isNewer(version: string, than: string): boolean {
  const [a, b] = [parse(version), parse(than)];
  if (!a || !b) return a !== null;
  for (let part = 0; part < 3; part++) {
    const [left = 0, right = 0] = [a.numbers[part], b.numbers[part]];
    if (left !== right) return left > right;
  }
  // A release comes after its own previews; two previews of one release are told apart well enough by their letters.
  if (a.preview === '' || b.preview === '') return a.preview === '' && b.preview !== '';
  return a.preview.localeCompare(b.preview, 'en', { numeric: true }) > 0;
}

function parse(version: string): { readonly numbers: readonly number[]; readonly preview: string } | null {
  const match = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]+))?(?:\+.*)?$/.exec(version);
  return match ? { numbers: match.slice(1, 4).map(Number), preview: match[4] ?? '' } : null;
}
