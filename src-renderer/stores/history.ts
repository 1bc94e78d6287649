import { defineStore } from 'pinia';
import { ref, watch } from 'vue';
import { NORM_LABEL, NORMS, type Norm } from '../../shared/norms.ts';
import { History, type Settings } from '../logic/history.ts';
import { S } from '../strings.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';
import { useModel } from './model.ts';
import { useRegion } from './region.ts';
import { useThreat } from './threat.ts';

type Threat = ReturnType<typeof useThreat>;
/** Settings of the threat model that are values of their own. */
const PLAIN = ['goals', 'seed', 'name', 'workers', 'maxQueries', 'checks'] as const satisfies readonly (keyof Threat)[];
const ENDS = ['input', 'fixed', 'output', 'answer'] as const;
const OF_NORM = ['on', 'eps', 'chosen', 'options'] as const;

/** Takes settings back and does them again. Loading another model or other pictures begins anew. */
export const useHistory = defineStore('history', () => {
  const undoable = ref(0);
  const redoable = ref(0);
  let history = new History({});
  let subject = '';
  let begun = false;
  let gesture = 0;
  let held = false;

  /** All settings now. What may be changed in place is copied. */
  function settings(): Settings {
    const [threat, model, images] = [useThreat(), useModel(), useImages()];
    return {
      ...Object.fromEntries(PLAIN.map((name) => [name, threat[name]])),
      ...Object.fromEntries(
        NORMS.flatMap((norm) =>
          OF_NORM.map((part) => [`${norm}.${part}`, JSON.parse(JSON.stringify(threat.norms[norm][part])) as unknown]),
        ),
      ),
      cut: useRegion().cut,
      preprocessing: model.preprocessing,
      provider: model.provider,
      ...Object.fromEntries(ENDS.map((end) => [end, model.named[end]])),
      labels: images.labels,
      classNames: images.classNamesFile,
      range: [images.offset, images.limit],
    };
  }

  async function apply(to: Settings, names: readonly string[]): Promise<void> {
    const [threat, model, images] = [useThreat(), useModel(), useImages()];
    const has = (name: string): boolean => names.includes(name);
    for (const name of PLAIN) if (has(name)) (threat[name] as unknown) = to[name];
    for (const norm of NORMS)
      for (const part of OF_NORM)
        if (has(`${norm}.${part}`)) (threat.norms[norm][part] as unknown) = JSON.parse(JSON.stringify(to[`${norm}.${part}`]));
    if (has('cut')) useRegion().cut = to['cut'] as ReturnType<typeof useRegion>['cut'];
    if (has('provider')) model.provider = to['provider'] as typeof model.provider;
    // Another input brings its own preprocessing, which gives way to the one that was set then.
    if (ENDS.some(has)) await model.setEnds(Object.fromEntries(ENDS.map((end) => [end, to[end]])));
    if (has('preprocessing')) model.setPreprocessing(to['preprocessing'] as NonNullable<typeof model.preprocessing>);
    if (has('labels')) images.labels = to['labels'] as string | null;
    if (has('classNames')) images.classNamesFile = to['classNames'] as string | null;
    if (has('labels') || has('classNames') || has('range')) await images.setRange(...(to['range'] as [number, number | null]));
  }

  /** Takes settings over from elsewhere; that is no step. */
  async function restore(to: Settings): Promise<void> {
    const own = settings();
    await apply(
      to,
      Object.keys(to).filter(
        (name) =>
          name in own && JSON.stringify(own[name]) !== JSON.stringify(to[name]) && !(name === 'preprocessing' && useModel().card === null),
      ),
    );
    begin();
  }

  /** What settings are called, each once. */
  function words(names: readonly string[]): string {
    const T = S.history.what;
    const called = names.map((name) => {
      const [norm, part] = name.split('.') as [Norm, (typeof OF_NORM)[number] | undefined];
      return part === undefined ? (T[name as keyof typeof T] as string) : T.ofNorm[part](NORM_LABEL[norm]);
    });
    return [...new Set(called)].join(', ');
  }

  async function step(back: boolean): Promise<void> {
    const found = back ? history.undo() : history.redo();
    count();
    if (!found) return;
    useApp().tell((back ? S.history.undone : S.history.redone)(words(found.names)));
    await apply(found.to, found.names);
  }

  function begin(): void {
    history = new History(settings());
    begun = true;
    count();
  }

  function count(): void {
    undoable.value = history.undoable;
    redoable.value = history.redoable;
  }

  /** Follows the settings and the pointer, while the window is open. Gives back what ends it. */
  function follow(): () => void {
    const press = (event: PointerEvent): void => {
      held = event.type === 'pointerdown';
      if (held) gesture++;
    };
    for (const type of ['pointerdown', 'pointerup', 'pointercancel'] as const) window.addEventListener(type, press, { capture: true });
    const stop = watch(
      [settings, () => JSON.stringify([useModel().card?.path ?? null, useImages().paths])],
      ([now, about]) => {
        if (about !== subject) {
          subject = about;
          begun = false;
          // What comes along with a model or pictures is set in the same breath, and is no step.
          setTimeout(begin);
        }
        if (!begun) return;
        history.take(now, gesture, held, performance.now());
        count();
      },
      { immediate: true, flush: 'post' },
    );
    return () => {
      stop();
      for (const type of ['pointerdown', 'pointerup', 'pointercancel'] as const) window.removeEventListener(type, press, { capture: true });
    };
  }

  return { undoable, redoable, settings, restore, follow, undo: () => step(true), redo: () => step(false) };
});
