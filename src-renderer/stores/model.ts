import { defineStore, storeToRefs } from 'pinia';
import { computed, ref, shallowRef } from 'vue';
import type { CallOut, ModelCard, ModelCheck, RunEvent } from '../../shared/contract.ts';
import { messageOf } from '../../shared/errors.ts';
import type { Answer, AuditPlan, Preprocessing, Provider } from '../../shared/plan.ts';
import { theHost } from '../host/index.ts';
import { useLatest } from '../logic/latest.ts';
import { debounce } from '../logic/debounce.ts';
import { useApp } from './app.ts';
import { useCard } from './card.ts';
import { useImages } from './images.ts';

/** How long the preprocessing must rest before the gradient is checked again. */
const DEBOUNCE = 600;

/** Which input takes the image, what the others hold, which output is meant, and what is said of class scores. */
type Ends = Pick<AuditPlan, 'input' | 'fixed' | 'output' | 'answer'>;
const FOUND: Ends = { input: null, fixed: {}, output: null };

function without(fixed: Ends['fixed'], name: string): Ends['fixed'] {
  const { [name]: _, ...rest } = fixed;
  return rest;
}

/** Its classes, as far as labels depend on them. */
const classesOf = (card: ModelCard | null): string => JSON.stringify([card?.classes || null, card?.classNames ?? null]);

/** The model under audit: what it is, how pictures become its input, whether its gradient can be trusted. */
export const useModel = defineStore('model', () => {
  const { card } = storeToRefs(useCard());
  const loading = ref(false);
  const preprocessing = shallowRef<Preprocessing | null>(null);
  const provider = ref<Provider>('cpu');
  const check = shallowRef<ModelCheck | null>(null);
  const checking = ref(false);
  /** Share of the check that is through. */
  const checked = ref(0);
  const checkError = ref<string | null>(null);
  /** What the auditor said of the model's ends; null: found, and inputs that are not named hold 0. */
  const named = shallowRef<Ends>(FOUND);
  const output = computed(() => named.value.output);
  /** As calls and plans have it. */
  const ends = computed((): Ends => ({ ...named.value, input: card.value?.input ?? named.value.input }));
  /** Why what was last said of an end cannot be, beside its field: `input`, `output`, `answer:output`, `answer:threshold`, or `fixed:` and the name of another input. */
  const refused = shallowRef<{ end: string; why: string } | null>(null);
  /** A model that is not open yet: one of these inputs has to be named for the image. */
  const unclear = shallowRef<{ path: string; inputs: string[]; why: string } | null>(null);
  /** What goals can be about, once it was asked for. */
  const values = shallowRef<CallOut<'values'>>([]);
  const latest = useLatest();
  const debounced = debounce(DEBOUNCE, runCheck);

  /** Reads a model. A file that is none leaves everything as it was. */
  async function open(path: string, said: Partial<Ends> = {}): Promise<boolean> {
    unclear.value = null;
    try {
      await read(path, { ...FOUND, ...said });
      preprocessing.value = card.value!.preprocessing;
      void runCheck();
      return true;
    } catch (error) {
      const inputs = said.input
        ? []
        : await theHost()
            .call('unclearInputs', { model: path })
            .catch(() => []);
      if (inputs.length > 1) unclear.value = { path, inputs, why: messageOf(error) };
      else useApp().fail(error);
      return false;
    }
  }

  /** Takes the model back. */
  /** Whether the preprocessing is as it was guessed. */
  const isGuess = computed(() => card.value !== null && JSON.stringify(preprocessing.value) === JSON.stringify(card.value.preprocessing));
  function close(): void {
    if (checking.value) void stopCheck();
    latest.cancel();
    debounced.cancel();
    [card.value, preprocessing.value, check.value, checkError.value, unclear.value] = [null, null, null, null, null];
    [checking.value, named.value, refused.value, values.value] = [false, FOUND, null, []];
  }

  async function read(path: string, said: Ends): Promise<void> {
    loading.value = true;
    try {
      const [picture] = useImages().images;
      const found = await theHost().call('inspect', {
        model: path,
        ...said,
        ...(picture && { size: { width: picture.width, height: picture.height } }),
      });
      // A screen that shows the one asks for the other.
      preprocessing.value ??= found.preprocessing;
      if (found.path !== card.value?.path || found.input !== card.value.input) values.value = [];
      const classes = classesOf(card.value);
      card.value = found;
      // Labels are held against the classes of the model.
      if (classesOf(found) !== classes) void useImages().tellAgain();
      named.value = said;
      refused.value = null;
    } finally {
      loading.value = false;
    }
  }

  /** Takes the model otherwise: another input for the image, other values beside it, another output. What does not fit changes nothing. @param end which field says so */
  async function setEnds(said: Partial<Ends>, end = 'output'): Promise<void> {
    const before = card.value!;
    try {
      await read(before.path, { ...named.value, ...said });
    } catch (error) {
      refused.value = { end, why: messageOf(error) };
      return;
    }
    // Another input may want its pictures otherwise; else what was set stays.
    if (card.value!.input !== before.input) preprocessing.value = card.value!.preprocessing;
    void runCheck();
  }

  const setOutput = (name: string | null): Promise<void> => setEnds({ output: name, answer: undefined });
  /** @param said which value holds the class scores, or where the second class of a single number begins; null: found */
  function setAnswer(said: Partial<Answer>, end: keyof Answer): Promise<void> {
    const answer = { output: null, threshold: null, ...named.value.answer, ...said };
    return setEnds({ output: null, answer: (answer.output ?? answer.threshold) === null ? undefined : answer }, `answer:${end}`);
  }
  const setInput = (name: string): Promise<void> => setEnds({ input: name, fixed: without(named.value.fixed, name) }, 'input');
  /** @param value null: 0 again */
  const setFixed = (name: string, value: number | number[] | null): Promise<void> =>
    setEnds({ fixed: value === null ? without(named.value.fixed, name) : { ...named.value.fixed, [name]: value } }, `fixed:${name}`);

  /** Lists what goals can be about; asked for by the field that offers it, since it takes a look through the whole network. */
  async function listValues(): Promise<void> {
    if (values.value.length > 0) return;
    const { input, fixed } = ends.value;
    values.value = await theHost()
      .call('values', { model: card.value!.path, input, fixed })
      .catch(() => []);
  }

  /** Design rule 5; what is known so far comes by events. Only the latest check counts. */
  async function runCheck(): Promise<void> {
    if (!card.value || !preprocessing.value) return;
    const isLatest = latest.begin();
    checking.value = true;
    checkError.value = null;
    check.value = null;
    checked.value = 0;
    try {
      const images = useImages().paths;
      const result = await theHost().call('gradcheck', {
        model: card.value.path,
        preprocessing: preprocessing.value,
        images: [...images],
        ...ends.value,
      });
      if (isLatest()) check.value = result;
    } catch (error) {
      if (isLatest()) checkError.value = messageOf(error);
    } finally {
      if (isLatest()) checking.value = false;
    }
  }

  function hear(event: RunEvent): void {
    if (event.type !== 'check' || !checking.value || event.model !== card.value?.path) return;
    check.value = event.check;
    checked.value = event.done / event.total;
  }

  /** The check's own answer is then what it knows. */
  async function stopCheck(): Promise<void> {
    await theHost()
      .call('gradcheckStop', {})
      .catch((error: unknown) => useApp().fail(error));
  }

  function setPreprocessing(value: Preprocessing): void {
    preprocessing.value = value;
    debounced();
  }

  return {
    card,
    loading,
    preprocessing,
    isGuess,
    provider,
    check,
    checking,
    checked,
    checkError,
    named,
    output,
    ends,
    refused,
    unclear,
    values,
    open,
    close,
    setEnds,
    setOutput,
    setAnswer,
    setInput,
    setFixed,
    listValues,
    runCheck,
    stopCheck,
    hear,
    setPreprocessing,
  };
});
