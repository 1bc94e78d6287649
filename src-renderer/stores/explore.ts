import { defineStore } from 'pinia';
import { computed, reactive, ref, shallowRef } from 'vue';
import type { AttackCard, CallIn } from '../../shared/contract.ts';
import { messageOf } from '../../shared/errors.ts';
import { formatEps } from '../../shared/format.ts';
import { isCount, NORM_LABEL, type Norm } from '../../shared/norms.ts';
import type { Goal } from '../../shared/plan.ts';
import type { Probe, ProbePicture } from '../../shared/probe.ts';
import { isHollow } from '../../shared/reach.ts';
import { theHost } from '../host/index.ts';
import { budgetStops } from '../logic/budget.ts';
import { loadPixels, type Pixels } from '../logic/difference.ts';
import { useLatest } from '../logic/latest.ts';
import { tidyBudgets } from '../logic/numbers.ts';
import { debounce } from '../logic/debounce.ts';
import { leadsTo, missingOption } from '../logic/goals.ts';
import { initialOf } from '../logic/schema.ts';
import { cutOptions, onSubsets } from '../logic/subsets.ts';
import { trialOf, verdictOf, withTrial, type Trial } from '../logic/trials.ts';
import { S } from '../strings.ts';
import { askOnChange } from './askOnChange.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';
import { useModel } from './model.ts';
import { useRegion } from './region.ts';
import { useThreat } from './threat.ts';

/** How long the hand must rest before the engine is asked, in ms: a slider reports every step between. */
const DEBOUNCE = 60;

/** An answer with everything to show of it; replaced as one, so that numbers and pictures belong together. */
export interface Shown {
  answer: Probe;
  norm: Norm;
  eps: number;
  attack: AttackCard;
  clean: Pixels;
  pictures: Partial<Record<ProbePicture, Pixels>>;
}

/** One image under one attack, again and again: what is asked, the newest answer, and what came out at other budgets. */
export const useExplore = defineStore('explore', () => {
  const norm = ref<Norm>('linf');
  const eps = reactive<Record<Norm, number>>({ l0: 10, l0Pixels: 5, l1: 10, l2: 0.5, linf: 4 / 255 });
  const chosen = reactive<Partial<Record<Norm, string>>>({});
  /** Only what was set here; else as the threat model has it. */
  const options = reactive<Record<string, Record<string, unknown>>>({});
  /** Only where it was set here; else as the threat model has it. */
  const goal = ref<Goal | null>(null);
  const shown = shallowRef<Shown | null>(null);
  const trials = shallowRef<Trial[]>([]);
  const pending = ref(false);
  /** The last one was ended before it had an answer. */
  const stopped = ref(false);
  const error = ref<string | null>(null);
  const latest = useLatest();
  /** Which picture is shown, of which model: once another is asked about, nothing of it is shown on. */
  let shownOf = '';
  const debounced = debounce(DEBOUNCE, ask);

  const image = computed(() => useImages().chosenOrFirst);
  const place = computed(() => useImages().images.findIndex(({ id }) => id === image.value?.id));
  /** Of another model's kind of goal nothing counts. */
  const goalNow = computed((): Goal => {
    const fits = goal.value !== null && useApp().isOnOutput(goal.value) === useThreat().onOutput;
    return fits ? goal.value! : useThreat().goal;
  });
  const goalCard = computed(() => useApp().goalCard(goalNow.value));
  function chooseGoal(kind: string): void {
    goal.value = useThreat().remembered(kind);
  }

  /** Attacks that can do the norm, and whether they can do the goal. */
  const attacks = computed(() =>
    useThreat()
      .attacksFor(norm.value)
      .map((card) => ({ card, able: able(card) })),
  );
  function able(card: AttackCard): boolean {
    return goalCard.value !== null && leadsTo(card, goalCard.value);
  }
  /** The one chosen; else a fixed-budget attack, whose answer follows ε. */
  const attack = computed(() => {
    const usable = attacks.value.filter((one) => one.able).map((one) => one.card);
    const usual = usable.find(({ id }) => id === 'pgd') ?? usable.find(({ kind }) => kind === 'fixed-budget');
    return usable.find(({ id }) => id === chosen[norm.value]) ?? usual ?? usable[0] ?? null;
  });
  const keyOf = (card: AttackCard): string => `${norm.value} ${card.id}`;
  const optionsNow = computed(() =>
    attack.value
      ? { ...initialOf(attack.value.options), ...useThreat().norms[norm.value].options[attack.value.id], ...options[keyOf(attack.value)] }
      : {},
  );

  function setOption(key: string, value: unknown): void {
    options[keyOf(attack.value!)] = { ...options[keyOf(attack.value!)], [key]: value };
  }

  const epsNow = computed({
    get: () => eps[norm.value],
    set(value: number) {
      eps[norm.value] = isCount(norm.value) ? Math.max(1, Math.round(value)) : value;
    },
  });
  const stops = computed(() => (image.value ? budgetStops(norm.value, image.value) : []));

  /** All but ε; the answer of a minimum-norm attack depends on nothing else. */
  const subject = computed((): Omit<CallIn<'probe'>, 'eps'> | null => {
    const [model, threat] = [useModel(), useThreat()];
    if (!model.card || !model.preprocessing || !image.value || !attack.value || missingOption(goalCard.value!, goalNow.value)) return null;
    const cut = onSubsets(attack.value) ? cutOptions(useRegion().cut, norm.value) : {};
    return {
      model: model.card.path,
      preprocessing: model.preprocessing,
      ...model.ends,
      provider: model.provider,
      image: image.value.id,
      norm: norm.value,
      goal: goalNow.value,
      attack: { id: attack.value.id, options: { ...optionsNow.value, ...cut } },
      seed: threat.seed,
      maxQueries: threat.maxQueries,
    };
  });
  const key = computed(() => (subject.value ? JSON.stringify([subject.value, image.value!.source, image.value!.label]) : ''));
  const minimal = computed(() => attack.value?.kind === 'minimum-norm');
  const request = computed(() => `${key.value} ${minimal.value ? '' : epsNow.value}`);

  /** The budget that the answer on show is held against: its own, or (minimum norm) the one that is set now. */
  const held = computed(() => (shown.value && shown.value.attack.kind === 'fixed-budget' ? shown.value.eps : epsNow.value));
  const verdict = computed(() => (shown.value ? verdictOf(shown.value.answer, shown.value.norm, held.value) : null));
  /** The smallest change found in the norm: of a minimum-norm attack, where ε tips. */
  const found = computed(() => {
    const answer = shown.value?.answer;
    return answer?.state === 'broken' && shown.value!.norm === norm.value ? answer.changed!.eightBit[norm.value] : null;
  });

  /** Asks for what is set now. Only the newest answer counts. */
  async function ask(): Promise<void> {
    const isLatest = latest.begin();
    if (!subject.value) {
      [shown.value, pending.value] = [null, false];
      return;
    }
    const [asked, card, budget, of] = [subject.value, attack.value!, epsNow.value, key.value];
    const scene = JSON.stringify([asked.model, asked.preprocessing, asked.image, image.value!.source]);
    if (scene !== shownOf) [shown.value, error.value] = [null, null];
    shownOf = scene;
    [pending.value, stopped.value] = [true, false];
    try {
      const host = theHost();
      const answer = await host.call('probe', { ...asked, eps: budget });
      if (answer === null || !isLatest()) return;
      const load = async (which: ProbePicture) =>
        [which, await loadPixels(host.pictureUrl({ kind: 'probe', probe: answer.probe, which }))] as const;
      const [clean, ...pictures] = await Promise.all([
        loadPixels(host.pictureUrl({ kind: 'image', image: asked.image })),
        ...answer.pictures.filter((which) => which !== 'difference').map(load),
      ]);
      if (!isLatest()) return;
      shown.value = { answer, norm: asked.norm, eps: budget, attack: card, clean, pictures: Object.fromEntries(pictures) };
      error.value = null;
      note(
        of,
        answer.state === 'broken' || (answer.state === 'held' && !isHollow(asked.norm, budget))
          ? trialOf(answer, asked.norm, budget, card.kind === 'minimum-norm', useApp().figuresOf(goalNow.value).cards[0]?.name ?? '')
          : null,
      );
    } catch (fault) {
      if (isLatest()) [error.value, shown.value] = [messageOf(fault), null];
    } finally {
      if (isLatest()) pending.value = false;
    }
  }

  /** Ends the attack at work; what is set next, or `ask`, begins another. */
  function stop(): void {
    latest.cancel();
    [pending.value, stopped.value] = [false, true];
    theHost()
      .call('probeStop', {})
      .catch((fault: unknown) => useApp().fail(fault));
  }

  let noted = '';
  function note(of: string, trial: Trial | null): void {
    const before = of === noted ? trials.value : [];
    trials.value = trial ? withTrial(before, trial) : before;
    noted = of;
  }

  /** Keeps asking while something changes. Gives back what ends it. */
  function follow(): () => void {
    const stop = askOnChange(
      () => request.value,
      () => subject.value !== null,
      pending,
      debounced,
    );
    return () => {
      stop();
      latest.cancel();
      pending.value = false;
    };
  }

  /** Shows an image that is loaded. */
  function show(id: string): void {
    useImages().chosen = id;
    useApp().step = 'explore';
  }

  function move(by: number): void {
    const next = useImages().images[place.value + by];
    if (next) useImages().chosen = next.id;
  }

  /** Norm, budget, attack with its options, and goal become part of the audit. */
  function use(): void {
    const [threat, card, budget] = [useThreat(), attack.value!, epsNow.value];
    const mine = threat.norms[norm.value];
    mine.on = true;
    mine.eps = tidyBudgets(norm.value, [...mine.eps, budget]);
    mine.chosen[card.id] = true;
    for (const [name, value] of Object.entries(options[keyOf(card)] ?? {})) threat.setOption(norm.value, card, name, value);
    threat.goal = goalNow.value;
    useApp().tell(S.explore.used(NORM_LABEL[norm.value], formatEps(norm.value, budget), card.title));
  }

  return {
    norm,
    eps,
    chosen,
    goal,
    shown,
    trials,
    pending,
    stopped,
    error,
    image,
    place,
    goalNow,
    attacks,
    attack,
    optionsNow,
    epsNow,
    stops,
    minimal,
    held,
    verdict,
    found,
    chooseGoal,
    setOption,
    ask,
    stop,
    follow,
    show,
    move,
    use,
  };
});
