import { defineStore } from 'pinia';
import { computed, reactive, ref, shallowRef, watch } from 'vue';
import { formatEps } from '../../shared/format.ts';
import type { Results } from '../../shared/results.ts';
import { largestBudget } from '../../shared/states.ts';
import { theHost } from '../host/index.ts';
import { filterRows, rowsOf, sortRows, type Filter, type SortKey } from '../logic/rows.ts';
import { useApp } from './app.ts';

/** The results of one finished audit and how they are looked at. Numbers come from the results object alone. */
export const useResults = defineStore('results', () => {
  const audit = ref<string | null>(null);
  const folder = ref('');
  const results = shallowRef<Results | null>(null);
  const loading = ref(false);
  const threat = ref(0);
  const view = ref<'gallery' | 'table'>('gallery');
  const filter = reactive<Filter>({ state: 'all', label: null, text: '' });
  const sort = ref<SortKey>('worst');
  const down = ref(false);
  const imageId = ref<string | null>(null);
  const attack = ref<string | null>(null);

  /** Loads an audit's results; on failure the old ones stay. */
  async function open(id: string, quiet = false): Promise<boolean> {
    loading.value = true;
    try {
      const loaded = await theHost().call('results', { audit: id });
      results.value = loaded;
      audit.value = id;
      threat.value = 0;
      Object.assign(filter, { state: 'all', label: null, text: '' });
      imageId.value = null;
      folder.value = useApp().audits.find((one) => one.audit === id)?.folder ?? '';
      return true;
    } catch (error) {
      if (!quiet) useApp().fail(error);
      return false;
    } finally {
      loading.value = false;
    }
  }

  const current = computed(() => results.value?.threats[threat.value] ?? null);
  /** Budget that was chosen; the largest where none was. */
  const chosen = ref<number | null>(null);
  const eps = computed({ get: () => chosen.value ?? (current.value ? largestBudget(current.value) : 0), set: choose });
  /** Another budget may leave no image in a state. */
  function choose(budget: number): void {
    chosen.value = budget;
    filter.state = 'all';
  }
  const budget = computed(() => (current.value ? formatEps(current.value.norm, eps.value) : ''));
  const all = computed(() => (results.value ? rowsOf(results.value, threat.value, eps.value) : []));
  const rows = computed(() => sortRows(filterRows(all.value, filter, results.value?.classNames ?? null), sort.value, down.value));
  const image = computed(() => results.value?.images.find((one) => one.id === imageId.value) ?? null);
  const findings = computed(() =>
    (results.value?.findings ?? []).filter((one) => one.image === imageId.value && one.threat === threat.value),
  );
  const outcome = computed(() => image.value?.outcomes.find((one) => one.threat === threat.value) ?? null);
  /** The finding on show: the chosen attack's, else the smallest change. */
  const finding = computed(() => {
    const wanted = attack.value ?? outcome.value?.best;
    return findings.value.find((one) => one.attack === wanted) ?? findings.value[0] ?? null;
  });
  const place = computed(() => rows.value.findIndex((row) => row.image.id === imageId.value));

  /** Shows one image in detail. */
  function show(id: string): void {
    imageId.value = id;
    useApp().step = 'image';
  }

  /** The image `by` places on in the list as it is sorted and filtered now. */
  function move(by: number): void {
    const next = rows.value[place.value + by];
    if (next) imageId.value = next.image.id;
  }

  function sortBy(key: SortKey): void {
    down.value = sort.value === key ? !down.value : false;
    sort.value = key;
  }

  watch([imageId, threat], () => (attack.value = null));
  watch([threat, results], () => (chosen.value = null));

  return {
    audit,
    folder,
    results,
    loading,
    threat,
    view,
    filter,
    sort,
    down,
    imageId,
    attack,
    current,
    eps,
    budget,
    all,
    rows,
    image,
    findings,
    outcome,
    finding,
    place,
    open,
    show,
    move,
    sortBy,
  };
});
