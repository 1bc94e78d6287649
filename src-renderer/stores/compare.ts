import { defineStore } from 'pinia';
import { computed, ref, shallowReactive, watch } from 'vue';
import type { Results } from '../../shared/results.ts';
import { theHost } from '../host/index.ts';
import { compareRows, sharedImages, sharedThreats, tellingBudget } from '../logic/compare.ts';
import { useLatest, type Latest } from '../logic/latest.ts';
import { useApp } from './app.ts';
import { useResults } from './results.ts';

export type Which = 'a' | 'b';

/** Two finished audits side by side. Every number is one of their results. */
export const useCompare = defineStore('compare', () => {
  const ids = shallowReactive<Record<Which, string | null>>({ a: null, b: null });
  const results = shallowReactive<Record<Which, Results | null>>({ a: null, b: null });
  const latest: Record<Which, Latest> = { a: useLatest(), b: useLatest() };
  const threat = ref(0);
  /** Budget at which pictures count as broken; null: at any distance. */
  const eps = ref<number | null>(null);
  const onlyChanged = ref(true);

  const audits = computed(() => useApp().audits.filter((audit) => audit.state === 'finished'));
  const both = computed(() => (results.a && results.b ? ([results.a, results.b] as const) : null));
  const threats = computed(() => (both.value ? sharedThreats(...both.value) : []));
  const images = computed(() => (both.value ? sharedImages(...both.value) : []));
  const current = computed(() => threats.value[threat.value] ?? threats.value[0] ?? null);
  // A smallest change breaks nearly every picture; at a budget it shows which audit was the harder one.
  watch(current, (threat) => (eps.value = threat && tellingBudget(threat)));
  const all = computed(() => (current.value ? compareRows(images.value, current.value, eps.value) : []));
  const changed = computed(() => all.value.filter((row) => row.turn !== 'same'));
  const rows = computed(() => (onlyChanged.value ? changed.value : all.value));

  async function choose(which: Which, id: string): Promise<void> {
    const isLatest = latest[which].begin();
    ids[which] = id;
    try {
      const loaded = await theHost().call('results', { audit: id });
      if (!isLatest()) return;
      results[which] = loaded;
      threat.value = 0;
    } catch (error) {
      if (!isLatest()) return;
      ids[which] = null;
      results[which] = null;
      useApp().fail(error);
    }
  }

  /** Opens the screen: with an audit as the second when one is given, else with the one on show and the one before it. */
  async function open(second?: string): Promise<void> {
    const app = useApp();
    app.step = 'compare';
    await app.refreshAudits();
    const known = audits.value.map(({ audit }) => audit);
    const b = second ?? ids.b ?? useResults().audit ?? known[0] ?? null;
    const a = ids.a !== null && ids.a !== b ? ids.a : (known.find((id) => id !== b) ?? null);
    await Promise.all([b !== null && choose('b', b), a !== null && choose('a', a)]);
  }

  function swap(): void {
    [ids.a, ids.b] = [ids.b, ids.a];
    [results.a, results.b] = [results.b, results.a];
  }

  /** Shows a picture in its own audit. */
  async function show(which: Which, image: string): Promise<void> {
    const own = useResults();
    const at = current.value!.at[which === 'a' ? 0 : 1];
    if (own.audit !== ids[which] && !(await own.open(ids[which]!))) return;
    own.threat = at;
    own.show(image);
  }

  return { ids, results, threat, eps, onlyChanged, audits, both, threats, images, current, all, changed, rows, choose, open, swap, show };
});
