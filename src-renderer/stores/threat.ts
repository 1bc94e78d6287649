import { defineStore } from 'pinia';
import { computed, reactive, ref } from 'vue';
import type { AttackCard, GoalCard } from '../../shared/contract.ts';
import { verdictOf } from '../../shared/gradientCheck.ts';
import { significant } from '../../shared/format.ts';
import { NORM_LABEL, NORMS, type Norm } from '../../shared/norms.ts';
import type { AuditPlanInput, Goal } from '../../shared/plan.ts';
import { coversAll, inLevels } from '../../shared/reach.ts';
import { USUAL_ATTACKS, USUAL_EPS, usualChecks } from '../../shared/usual.ts';
import { goalOf, leadsTo, missingOption } from '../logic/goals.ts';
import { initialOf } from '../logic/schema.ts';
import { cutOptions, onSubsets } from '../logic/subsets.ts';
import { language, S } from '../strings.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';
import { useModel } from './model.ts';
import { useRegion } from './region.ts';

interface NormChoice {
  on: boolean;
  eps: number[];
  /** Only of attacks whose switch was touched; the rest follow `suggested`. */
  chosen: Record<string, boolean>;
  /** Options that differ from the attack's own defaults. */
  options: Record<string, Record<string, unknown>>;
}

function choice(norm: Norm): NormChoice {
  return { on: norm !== 'l1' && norm !== 'l0Pixels', eps: [...USUAL_EPS[norm]], chosen: {}, options: {} };
}

/** What the attacker may do: becomes the plan of an audit. */
export const useThreat = defineStore('threat', () => {
  const norms = reactive<Record<Norm, NormChoice>>({
    l0: choice('l0'),
    l0Pixels: choice('l0Pixels'),
    l1: choice('l1'),
    l2: choice('l2'),
    linf: choice('linf'),
  });
  /** The goal chosen on classes and on an output, and what was set of each kind; else the first there is, as its form begins. */
  const goals = ref<{ kinds: Partial<Record<GoalCard['on'], string>>; set: Record<string, Goal> }>({ kinds: {}, set: {} });
  /** What kind of goal there is depends on the model. */
  const onOutput = computed(() => useModel().card?.networkOutput != null);
  const goalCards = computed(() => useApp().goals.filter(({ on }) => (on === 'output') === onOutput.value));
  const goalCard = computed(() => goalCards.value.find(({ kind, on }) => kind === goals.value.kinds[on]) ?? goalCards.value[0] ?? null);
  const goal = computed<Goal>({
    get: () => (goalCard.value ? goalOf(goalCard.value, goals.value.set[goalCard.value.kind]) : { kind: '' }),
    set(to) {
      const card = useApp().goalCard(to);
      if (card) goals.value = { kinds: { ...goals.value.kinds, [card.on]: to.kind }, set: { ...goals.value.set, [to.kind]: to } };
    },
  });

  /** A goal as it was when it was last chosen. */
  const remembered = (kind: string): Goal => goals.value.set[kind] ?? goalOf(useApp().goalCard({ kind })!);
  function chooseGoal(kind: string): void {
    goal.value = remembered(kind);
  }
  /** Files that goals name, also those that were chosen before. */
  const goalFiles = computed(() =>
    useApp().goals.flatMap(({ kind, paths }) =>
      paths.flatMap((option) => {
        const path = goals.value.set[kind]?.[option];
        return typeof path === 'string' ? [{ kind, option, path }] : [];
      }),
    ),
  );
  function dropGoalFile({ kind, option }: { kind: string; option: string }): void {
    const { [option]: _, ...rest } = goals.value.set[kind]!;
    goals.value = { ...goals.value, set: { ...goals.value.set, [kind]: rest as Goal } };
  }
  const seed = ref(0);
  const name = ref('');
  const workers = ref<number | null>(null);
  const maxQueries = ref<number | null>(null);
  /** Images of the page of checks; null: as many as a standard audit has, and none of another. */
  const checks = ref<number | null>(null);
  const checked = computed(
    () =>
      checks.value ??
      usualChecks(
        active.value.flatMap((norm) =>
          attacksFor(norm)
            .filter((attack) => isOn(norm, attack))
            .map(({ id }) => id),
        ),
      ),
  );
  /** What of the screen is open. */
  const tab = ref<Norm | 'subsets'>('linf');

  /** Presets first, then single attacks. */
  function attacksFor(norm: Norm): AttackCard[] {
    const able = useApp().attacks.filter((attack) => attack.norms.includes(norm) && (!attack.needsOutput || onOutput.value));
    return [...able.filter(({ stages }) => stages), ...able.filter(({ stages }) => !stages)];
  }

  /** The usual attacks; without one of them, whatever there is. */
  function suggested(norm: Norm): string[] {
    const able = attacksFor(norm)
      .filter(usable)
      .map((attack) => attack.id);
    const usual = able.filter((id) => USUAL_ATTACKS[norm].includes(id));
    return usual.length > 0 ? usual : able.slice(0, 1);
  }

  function usable(attack: AttackCard): boolean {
    return goalCard.value !== null && leadsTo(attack, goalCard.value);
  }

  function isOn(norm: Norm, attack: AttackCard): boolean {
    return usable(attack) && (norms[norm].chosen[attack.id] ?? suggested(norm).includes(attack.id));
  }

  /** The attack's options with what the user set. */
  function optionsOf(norm: Norm, attack: AttackCard): Record<string, unknown> {
    return { ...initialOf(attack.options), ...norms[norm].options[attack.id] };
  }

  function setOption(norm: Norm, attack: AttackCard, key: string, value: unknown): void {
    const own = { ...norms[norm].options[attack.id], [key]: value };
    if (JSON.stringify(initialOf(attack.options)[key]) === JSON.stringify(value)) delete own[key];
    norms[norm].options[attack.id] = own;
  }

  const active = computed(() => NORMS.filter((norm) => norms[norm].on));
  const pairs = computed(() => active.value.reduce((sum, norm) => sum + attacksFor(norm).filter((attack) => isOn(norm, attack)).length, 0));

  /** Whether an attack on subsets is on. */
  const usesSubsets = computed(() =>
    active.value.some((norm) => attacksFor(norm).some((attack) => onSubsets(attack) && isOn(norm, attack))),
  );

  /** Whether an attack that is on follows the model's gradient. */
  const asksForGradients = computed(() =>
    active.value.some((norm) => attacksFor(norm).some((attack) => attack.access === 'gradient' && isOn(norm, attack))),
  );

  /** The first thing that keeps an audit from starting, as a sentence. */
  const missing = computed((): string | null => {
    const need = S.threat.need;
    const model = useModel();
    if (!model.card) return need.model;
    if (useImages().images.length === 0) return need.images;
    if (!onOutput.value && useImages().unfit !== null) return need.labels;
    if (model.checkError) return model.checkError;
    if (model.check && verdictOf(model.check) === 'failed' && asksForGradients.value) return need.check;
    const lacks = goalCard.value && missingOption(goalCard.value, goal.value);
    if (lacks) return need.option(goalCard.value!.words[language.value].options?.[lacks.key]?.title ?? lacks.title);
    if (active.value.length === 0) return need.norms;
    for (const norm of active.value) {
      if (norms[norm].eps.length === 0) return need.budgets(NORM_LABEL[norm]);
      const all = norms[norm].eps.find((eps) => coversAll(norm, eps) !== null);
      if (all !== undefined) return need.covers(NORM_LABEL[norm], significant(all), inLevels(norm, all));
      if (!attacksFor(norm).some((attack) => isOn(norm, attack))) return need.attacks(NORM_LABEL[norm]);
      const wrong = attacksFor(norm).some((attack) => isOn(norm, attack) && onSubsets(attack)) ? useRegion().wrong(norm) : null;
      if (wrong) return wrong;
    }
    return null;
  });

  /** Everything an audit needs. Call only when nothing is `missing`. */
  function plan(): AuditPlanInput {
    const model = useModel();
    const images = useImages();
    return {
      name: name.value.trim(),
      model: model.card!.path,
      ...model.ends,
      preprocessing: model.preprocessing!,
      ...(model.isGuess && { guess: model.card!.guess }),
      images: [...images.paths],
      // Of no use to goals on an output, but what their sample was drawn by.
      labels: onOutput.value && images.unfit !== null ? null : images.labels,
      classNames: onOutput.value ? null : images.classNamesFile,
      ...(!onOutput.value && images.found.length > 0 && { beside: images.found }),
      ...images.range,
      threats: active.value.map((norm) => ({
        norm,
        eps: [...norms[norm].eps],
        goal: goal.value,
        attacks: attacksFor(norm)
          .filter((attack) => isOn(norm, attack))
          .map((attack) => ({
            id: attack.id,
            options: { ...norms[norm].options[attack.id], ...(onSubsets(attack) && cutOptions(useRegion().cut, norm)) },
          })),
      })),
      seed: seed.value,
      provider: model.provider,
      workers: workers.value,
      maxQueries: maxQueries.value,
      ...(checked.value > 0 && !onOutput.value && { checks: { images: checked.value } }),
    };
  }

  return {
    norms,
    goals,
    goal,
    goalCard,
    onOutput,
    goalFiles,
    dropGoalFile,
    seed,
    name,
    workers,
    maxQueries,
    checks,
    tab,
    active,
    pairs,
    usesSubsets,
    missing,
    attacksFor,
    usable,
    isOn,
    optionsOf,
    setOption,
    remembered,
    chooseGoal,
    plan,
  };
});
