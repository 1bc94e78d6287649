/** On the way to a value: a field, a place in a list, or an entry of a list that is known by more than its place. */
export type Step = string | number | { item: Record<string, unknown> };

interface Whole {
  told: unknown;
  found: unknown;
}

/**
 * Where a figure stands, for people: `points of linf at 0.0314, accuracy`, `finding of pgd on 00003-x under l2, state`.
 * @param whole results that the steps lead into, for the names of threat models
 */
export function placeWords(path: readonly Step[], whole: Whole): string {
  const parts: string[] = [];
  for (let i = 0; i < path.length; i++) {
    const [step, next] = [path[i]!, path[i + 1]];
    const item = typeof next === 'object' ? next.item : null;
    if (step === 'threats' && typeof next === 'number' && i + 2 < path.length) {
      const field = path[i + 2];
      const entry = path[i + 3];
      const owner = `${String(field)} of ${threatWords(next, whole)}`;
      parts.push(typeof entry === 'object' ? `${owner} ${entryWords(entry.item)}` : owner);
      i += typeof entry === 'object' ? 3 : 2;
    } else if (step === 'findings' && item) {
      parts.push(`finding of ${String(item['attack'])} on ${String(item['image'])} under ${threatWords(Number(item['threat']), whole)}`);
      i++;
    } else if (step === 'outcomes' && item) {
      parts.push(`outcome under ${threatWords(Number(item['threat']), whole)}`);
      i++;
    } else if (step === 'images' && item) {
      parts.push(`image ${String(item['id'])}`);
      i++;
    } else if (step === 'checks' && item) {
      parts.push(`check ${String(item['id'])}`);
      i++;
    } else if (step === 'measures' && item) {
      parts.push(`measured on ${String(item['image'])}`);
      i++;
    } else if (item) {
      parts.push(`${String(step)} ${entryWords(item)}`);
      i++;
    } else if (typeof next === 'number') {
      parts.push(`${String(step)}, number ${next + 1}`);
      i++;
    } else parts.push(typeof step === 'object' ? entryWords(step.item) : typeof step === 'number' ? `number ${step + 1}` : step);
  }
  return parts.join(', ');
}

/** By its budget, its attack, or whatever else it goes by. */
function entryWords(item: Record<string, unknown>): string {
  if (item['eps'] !== undefined) return `at ${String(item['eps'])}`;
  return `of ${String(item['attack'] ?? item['file'] ?? item['id'] ?? 'one')}`;
}

/** `linf`; where several threat models have that norm, also which of them. */
export function threatWords(t: number, { told, found }: Whole): string {
  const norms = (of: unknown) => ((of as { threats?: { norm?: unknown }[] } | null)?.threats ?? []).map(({ norm }) => String(norm));
  const all = norms(found).length > t ? norms(found) : norms(told);
  const norm = all[t];
  if (norm === undefined) return `threat model ${t + 1}`;
  return all.filter((other) => other === norm).length > 1 ? `${norm} (threat model ${t + 1})` : norm;
}
