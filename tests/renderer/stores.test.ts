import { createPinia, setActivePinia } from 'pinia';
import { beforeEach, expect, it, vi } from 'vitest';
import { nextTick } from 'vue';
import type { ActionId } from '../../shared/actions.ts';
import type { AttackCard, Host, ModelCard } from '../../shared/contract.ts';
import { AuditPlan, Preprocessing } from '../../shared/plan.ts';

/** The stores without a browser: what they ask of the host, and what they make of its answers. */
const answers: Record<string, unknown> = {};
const asked: [string, unknown][] = [];
const host: Host = {
  call: (async (name: string, input: unknown) => {
    asked.push([name, input]);
    const answer = answers[name];
    if (answer instanceof Error) throw answer;
    return answer;
  }) as Host['call'],
  listen: () => () => undefined,
  importFiles: async (files) => ({ paths: files.map((file) => `/in/${file.name}`), leftOut: [] }),
  pictureUrl: () => '',
  save: async () => undefined,
};
vi.stubGlobal('window', { hairline: host, matchMedia: () => ({ matches: false, addEventListener: () => undefined }) });
vi.stubGlobal('document', { documentElement: { dataset: {} } });
vi.stubGlobal('requestAnimationFrame', (draw: () => void) => draw());

const { canDo, perform } = await import('../../src-renderer/actions/index.ts');
const { useApp } = await import('../../src-renderer/stores/app.ts');
const { useEstimate } = await import('../../src-renderer/stores/estimate.ts');
const { goalCards } = await import('../../src-main/goals/index.ts');
const { useHistory } = await import('../../src-renderer/stores/history.ts');
const { useImages } = await import('../../src-renderer/stores/images.ts');
const { useIntake } = await import('../../src-renderer/stores/intake.ts');
const { useModel } = await import('../../src-renderer/stores/model.ts');
const { limitAuditTo } = await import('../../src-renderer/stores/limitAudit.ts');
const { useRegion } = await import('../../src-renderer/stores/region.ts');
const { useResults } = await import('../../src-renderer/stores/results.ts');
const { useRun } = await import('../../src-renderer/stores/run.ts');
const { useThreat } = await import('../../src-renderer/stores/threat.ts');

const attack = (id: string, norms: AttackCard['norms'], targeted = true): AttackCard => ({
  id,
  title: id.toUpperCase(),
  norms,
  kind: 'minimum-norm',
  targeted,
  access: 'gradient',
  needsOutput: false,
  summary: '',
  source: '',
  options: { type: 'object', properties: { steps: { type: 'integer', default: 100 } } },
});
const card = { path: '/m.onnx', input: 'x', classes: 3, preprocessing: Preprocessing.parse({}) } as ModelCard;
const image = (id: string, at = 0) => ({ id, at, source: `/i/${id}.png`, width: 1, height: 1, channels: 3, label: 0 });

beforeEach(() => {
  setActivePinia(createPinia());
  asked.length = 0;
  Object.assign(answers, {
    inspect: card,
    unclearInputs: [],
    gradcheck: { ok: true, forwardError: 0, gradientError: 0, directions: 1, straightThrough: [], fallbacks: [] },
    images: { images: [image('a'), image('b', 1)], total: 2, classNames: null, warnings: [], leftOut: { total: 0, files: [] } },
    tell: [],
    beside: { labels: null, classNames: null },
    start: { audit: 'one' },
    audits: [],
    results: new Error('none'),
  });
  useApp().goals = goalCards();
  useApp().attacks = [attack('fmn', ['l0', 'l1', 'l2', 'linf']), attack('ddn', ['l2']), attack('fool', ['linf'], false)];
});

async function ready(): Promise<void> {
  await useModel().open('/m.onnx');
  await useImages().add(['/i']);
}

it('says the first thing that is missing, then plans what the contract takes', async () => {
  const threat = useThreat();
  expect(threat.missing).toMatch(/model/);
  await ready();
  expect(threat.missing).toBeNull();
  threat.norms.l0.on = false;
  threat.norms.linf.chosen['fmn'] = false;
  expect(threat.missing).toMatch(/attack for ℓ∞/);
  threat.norms.linf.chosen['fool'] = true;
  threat.norms.linf.eps = [0.1];
  expect(threat.missing).toBeNull();
  const plan = AuditPlan.parse(threat.plan());
  expect(plan.threats.map(({ norm, attacks }) => [norm, attacks.map(({ id }) => id)])).toEqual([
    ['l2', ['fmn', 'ddn']],
    ['linf', ['fool']],
  ]);
});

it('leaves out attacks that have no targeted form, and options that are the default', async () => {
  await ready();
  const threat = useThreat();
  const [fmn] = threat.attacksFor('linf');
  threat.norms.linf.chosen['fool'] = true;
  threat.chooseGoal('targeted');
  threat.setOption('linf', fmn!, 'steps', 50);
  const linf = threat.plan().threats.find(({ norm }) => norm === 'linf')!;
  expect(linf).toMatchObject({ goal: { kind: 'targeted', target: 'next' }, attacks: [{ id: 'fmn', options: { steps: 50 } }] });
  threat.setOption('linf', fmn!, 'steps', 100);
  expect(threat.plan().threats.find(({ norm }) => norm === 'linf')!.attacks[0]!.options).toEqual({});
});

it('has goals on the output for a network without classes, and attacks that need one only there', async () => {
  useApp().attacks = [...useApp().attacks, { ...attack('products', ['l2'], false), needsOutput: true }];
  const threat = useThreat();
  await ready();
  expect(threat.attacksFor('l2').map(({ id }) => id)).toEqual(['fmn', 'ddn']);
  threat.goal = { kind: 'targeted', target: 2 };
  answers['inspect'] = { ...card, classes: 0, output: 'values', networkOutput: { name: 'y', dims: [2], width: 2, picture: null } };
  await useModel().open('/m.onnx', { output: 'y' });
  expect(threat.goal).toEqual({ kind: 'deviation', reference: 'clean-output', psnr: 20, peak: 1 });
  expect(threat.attacksFor('l2').map(({ id }) => id)).toEqual(['fmn', 'ddn', 'products']);
  threat.goal = { ...threat.goal, psnr: 12.5, reference: 'input' };
  const plan = AuditPlan.parse(threat.plan());
  expect(plan).toMatchObject({ output: 'y', labels: null, classNames: null });
  expect(plan.threats[0]!.goal).toEqual({ kind: 'deviation', reference: 'input', psnr: 12.5, peak: 1 });
  expect(asked.findLast(([name]) => name === 'gradcheck')![1]).toMatchObject({ output: 'y' });

  // A match waits for its picture, and takes the one that is dropped on the screen.
  threat.chooseGoal('match');
  expect(threat.usable(threat.attacksFor('l2')[2]!)).toBe(false);
  expect(threat.missing).toMatch(/needs: Picture to match/);
  useApp().step = 'threat';
  await useIntake().take([new File([], 'other.png')]);
  expect(useImages().paths).toEqual(['/i']);
  expect(threat.missing).toBeNull();
  expect(AuditPlan.parse(threat.plan()).threats[0]!.goal).toEqual({ kind: 'match', picture: '/in/other.png', psnr: 20, peak: 1 });
  expect(threat.goalFiles).toEqual([{ kind: 'match', option: 'picture', path: '/in/other.png' }]);
  threat.dropGoalFile(threat.goalFiles[0]!);
  expect(threat.missing).toMatch(/needs: Picture to match/);
  // What was set of the other goal is there still.
  threat.chooseGoal('deviation');
  expect(threat.goal).toMatchObject({ psnr: 12.5, reference: 'input' });

  // Back to a classifier, its own goal is as it was.
  answers['inspect'] = card;
  await useModel().open('/m.onnx');
  expect(threat.goal).toEqual({ kind: 'targeted', target: 2 });
});

it('keeps what it has when a file is no model, and shows the sentence once', async () => {
  await ready();
  answers['inspect'] = new Error('notes.txt is no ONNX model.');
  expect(await useModel().open('/notes.onnx')).toBe(false);
  await useModel().open('/notes.onnx');
  expect(useModel().card?.path).toBe('/m.onnx');
  expect(useApp().toasts.map(({ message }) => message)).toEqual(['notes.txt is no ONNX model.']);
});

it('takes a model by other ends than were found, and keeps all of it when one does not fit', async () => {
  await ready();
  const model = useModel();
  answers['inspect'] = { ...card, input: 'y' };
  await model.setInput('y');
  await model.setFixed('mask', [0, 1]);
  expect(model.ends).toEqual({ input: 'y', fixed: { mask: [0, 1] }, output: null });
  const preprocessing = Preprocessing.parse({ scale: 255 });
  model.setPreprocessing(preprocessing);
  answers['inspect'] = new Error('The model has no output or inner value called z.');
  await model.setOutput('z');
  expect([model.refused, model.output, useApp().toasts]).toEqual([
    { end: 'output', why: 'The model has no output or inner value called z.' },
    null,
    [],
  ]);
  answers['inspect'] = { ...card, input: 'y' };
  await model.setFixed('mask', null);
  expect([model.refused, model.preprocessing]).toEqual([null, preprocessing]);
  expect(AuditPlan.parse(useThreat().plan())).toMatchObject({ input: 'y', fixed: {}, output: null });
  expect(asked.findLast(([name]) => name === 'gradcheck')![1]).toMatchObject({ input: 'y', fixed: {} });
});

it('leads to what was taken, but nobody away from where he has gone meanwhile', async () => {
  const model = new File(['x'], 'm.onnx');
  await useIntake().take([model]);
  expect(useApp().step).toBe('model');
  let found: (value: ModelCard) => void = () => undefined;
  answers['inspect'] = new Promise((resolve) => (found = resolve));
  useApp().step = 'images';
  const taking = useIntake().take([model]);
  await vi.waitFor(() => expect(asked.filter(([name]) => name === 'inspect')).toHaveLength(2));
  useApp().step = 'threat';
  found(card);
  await taking;
  expect(useApp().step).toBe('threat');
  answers['inspect'] = card;
  await useIntake().take([model]);
  expect(useApp().step).toBe('model');
});

it('takes a named output or what is said of class scores, never both', async () => {
  await ready();
  const model = useModel();
  await model.setAnswer({ output: 'logits' }, 'output');
  expect(asked.findLast(([name]) => name === 'inspect')![1]).toMatchObject({ output: null, answer: { output: 'logits', threshold: null } });
  expect(AuditPlan.parse(useThreat().plan()).answer).toEqual({ output: 'logits', threshold: null });
  await model.setAnswer({ output: null }, 'output');
  expect(model.named.answer).toBeUndefined();
  await model.setAnswer({ threshold: 0 }, 'threshold');
  expect(model.ends.answer).toEqual({ output: null, threshold: 0 });
  await model.setOutput('z');
  expect(model.named).toMatchObject({ output: 'z', answer: undefined });
});

it('asks which input takes the image where that is not clear', async () => {
  Object.assign(answers, { inspect: new Error('It is not clear which takes the image.'), unclearInputs: ['a', 'b'] });
  const model = useModel();
  expect(await model.open('/two.onnx')).toBe(false);
  expect([model.unclear, useApp().toasts]).toEqual([
    { path: '/two.onnx', inputs: ['a', 'b'], why: 'It is not clear which takes the image.' },
    [],
  ]);
  answers['inspect'] = { ...card, path: '/two.onnx', input: 'b' };
  expect(await model.open('/two.onnx', { input: 'b' })).toBe(true);
  expect([model.unclear, model.ends.input]).toEqual([null, 'b']);
});

it('takes pictures out again that cannot be read', async () => {
  await ready();
  answers['images'] = new Error('x.png holds no picture.');
  expect(await useImages().add(['/x.png'])).toBe(false);
  expect(useImages().paths).toEqual(['/i']);
  expect(useImages().images).toHaveLength(2);
});

it('brings each dropped thing to its place', async () => {
  await useIntake().take([new File([], 'm.onnx'), new File([], 'labels.csv'), new File([], 'cat.png')]);
  expect(useModel().card?.path).toBe('/m.onnx');
  expect(useImages().paths).toEqual(['/in/cat.png']);
  expect(useImages().labels).toBe('/in/labels.csv');
});

it('reads pictures again with dropped class names, and not at all without pictures', async () => {
  const images = useImages();
  await useIntake().open(['/x/classes.txt']);
  const opened = () => asked.filter(([name]) => name === 'images').map(([, input]) => (input as { classNames: unknown }).classNames);
  expect([images.classNamesFile, opened()]).toEqual(['/x/classes.txt', []]);
  await images.add(['/i']);
  await useIntake().open(['/x/category_names.txt']);
  expect(opened()).toEqual(['/x/classes.txt', '/x/category_names.txt']);
  answers['images'] = new Error('bad.txt holds no class names.');
  await useIntake().open(['/x/class-bad.txt']);
  expect(images.classNamesFile).toBe('/x/category_names.txt');
});

it('takes a text for what its content says, whatever its name', async () => {
  await ready();
  answers['tell'] = ['classNames'];
  await useIntake().open(['/x/метки.txt']);
  expect([useImages().classNamesFile, useImages().labels]).toEqual(['/x/метки.txt', null]);
  expect(asked.findLast(([name]) => name === 'tell')![1]).toEqual({ files: ['/x/метки.txt'], paths: ['/i'], classes: 3 });
  answers['tell'] = ['labels'];
  await useIntake().open(['/x/classes.csv']);
  expect([useImages().classNamesFile, useImages().labels]).toEqual(['/x/метки.txt', '/x/classes.csv']);
  // What was picked for class names is taken for nothing else.
  await useIntake().takeNames([new File([], 'labels.txt')]);
  expect(useImages().classNamesFile).toBe('/in/labels.txt');
});

it('takes labels and names that lie beside pictures, says so, and names them in the plan', async () => {
  answers['beside'] = { labels: '/i/labels.csv', classNames: null };
  await ready();
  expect(asked.findLast(([name]) => name === 'images')![1]).toMatchObject({ labels: '/i/labels.csv', classes: 3 });
  expect(useApp().toasts.map(({ message }) => message)).toEqual([expect.stringContaining('labels.csv')]);
  expect(AuditPlan.parse(useThreat().plan())).toMatchObject({ labels: '/i/labels.csv', beside: ['labels'] });
  // Once removed it stays away, and another file is somebody's choice.
  await useImages().setLabels(null);
  expect(AuditPlan.parse(useThreat().plan()).beside).toBeUndefined();
  expect(useImages().labels).toBeNull();
});

it('takes pictures without labels where class folders do not fit the model, and holds them against every other model', async () => {
  const call = host.call;
  host.call = (async (name: string, input: { unlabelled?: boolean; classes?: number | null }) => {
    if (name === 'images' && input.classes === 3 && !input.unlabelled)
      throw new Error('x has 2 class folders, but the model has 3 classes.');
    return call(name as never, input as never);
  }) as Host['call'];
  await ready();
  expect([useImages().images.length, useImages().unfit]).toEqual([2, 'x has 2 class folders, but the model has 3 classes.']);
  expect(useThreat().missing).toMatch(/do not fit the pictures or the model/);
  answers['inspect'] = { ...card, path: '/two.onnx', classes: 2, classNames: ['a', 'b'] };
  await useModel().open('/two.onnx');
  await vi.waitFor(() => expect(useImages().unfit).toBeNull());
  expect(asked.findLast(([name]) => name === 'images')![1]).toMatchObject({ classes: 2, modelNames: ['a', 'b'], unlabelled: false });
  host.call = call;
});

it('catches up with an audit it did not see, and counts nothing twice', async () => {
  const run = useRun();
  const finding = { type: 'finding' as const, audit: 'one', image: 'a', threat: 0, attack: 'fmn', state: 'broken' as const, distance: 3 };
  const seen = { type: 'image' as const, audit: 'one', image: 'a', label: 0, prediction: 0, right: true };
  let answer: (out: unknown) => void = () => undefined;
  answers['progress'] = new Promise((done) => (answer = done));
  const attached = run.attach({ audit: 'one', name: '', state: 'running', done: 1, total: 4, eta: null, message: '', folder: '' });
  // Told while the journal is being read, and in it.
  run.hear(finding);
  answer({
    threats: [
      {
        norm: 'l2',
        eps: [1],
        goal: { kind: 'untargeted' },
        attacks: [
          { id: 'fmn', options: {} },
          { id: 'ddn', options: {} },
        ],
      },
    ],
    classNames: ['no', 'yes'],
    order: ['b', 'a'],
    images: [{ ...seen, source: '/i/a.png' }],
    findings: [finding],
  });
  await attached;
  run.hear({ ...finding, attack: 'ddn', state: 'held', distance: null });
  expect([...run.images.keys()]).toEqual(['b', 'a']);
  expect(run.images.get('a')).toMatchObject({ right: true, distance: { 0: 3 }, states: { 0: ['broken', 'held'] } });
  expect(run.threats).toEqual([{ norm: 'l2', eps: [1], attacks: 2, minimal: true, onOutput: false }]);
});

it('sorts and filters five thousand results', async () => {
  const states = ['broken', 'held', 'wrong-already'] as const;
  const images = Array.from({ length: 5000 }, (_, index) => {
    const state = states[(index * 7) % 3]!;
    const outcome = {
      threat: 0,
      state,
      best: state === 'broken' ? 'fmn' : null,
      distance: state === 'broken' ? ((index * 7919) % 5000) / 5000 : null,
    };
    return { id: `i${index}`, source: `set/${(index * 31) % 5000}.png`, label: index % 10, outcomes: [outcome] };
  });
  const findings = images.flatMap(({ id }) => ['fmn', 'pgd'].map((name) => ({ image: id, threat: 0, attack: name })));
  answers['results'] = { classNames: null, threats: [{ norm: 'l2', eps: [1] }], images, findings };
  const results = useResults();
  await results.open('big');
  for (const key of ['distance', 'source', 'label', 'state', 'worst'] as const) {
    results.sortBy(key);
    expect(results.rows).toHaveLength(5000);
  }
  const distances = results.rows.map((row) => row.distance ?? Number.POSITIVE_INFINITY);
  expect(distances).toEqual(distances.toSorted((a, b) => a - b));
  results.filter.text = 'set/4999';
  expect(results.rows).toHaveLength(1);
});

it('follows its own audit through events, whichever comes first', async () => {
  await ready();
  const run = useRun();
  answers['start'] = new Promise((done) => setTimeout(() => done({ audit: 'one' }), 5));
  const started = run.start();
  const status = { audit: 'one', name: '', state: 'running' as const, done: 0, total: 2, eta: null, message: '', folder: '' };
  run.hear({ type: 'status', status });
  run.hear({ type: 'image', audit: 'one', image: 'a', label: 0, prediction: 0, right: true });
  run.hear({ type: 'finding', audit: 'one', image: 'a', threat: 0, attack: 'fmn', state: 'broken', distance: 3 });
  run.hear({ type: 'finding', audit: 'one', image: 'a', threat: 0, attack: 'ddn', state: 'broken', distance: 2 });
  run.hear({ type: 'image', audit: 'another', image: 'b', label: 0, prediction: 0, right: true });
  expect(await started).toBe(true);
  expect(run.status?.state).toBe('running');
  expect(run.images.get('a')).toMatchObject({ right: true, distance: { 0: 2 }, states: { 0: ['broken', 'broken'] } });
  expect(run.images.get('b')).toMatchObject({ right: null });
  expect(run.log).toHaveLength(2);
});

it('limits the audit to a region: attacks on subsets alone, each norm with the mask it can use', async () => {
  const cutting: AttackCard = {
    ...attack('subset', ['l0', 'l0Pixels', 'linf']),
    options: {
      type: 'object',
      properties: {
        partition: { enum: ['pixel', 'mask'], default: 'pixel' },
        block: { type: 'integer', default: 4 },
        superpixels: { type: 'integer', default: 100 },
        compactness: { type: 'number', default: 10 },
        mask: { type: 'array', default: [] },
      },
    },
  };
  useApp().attacks = [...useApp().attacks, cutting];
  await ready();
  const threat = useThreat();
  threat.norms.linf.chosen['fmn'] = true;
  limitAuditTo({ width: 3, height: 2, pixels: [1, 4] });
  const { threats } = AuditPlan.parse(threat.plan());
  // l0Pixels was off and stays off; in ℓ0 each pixel counts, so each is a subset of its own.
  expect(threats.map(({ norm, attacks }) => [norm, attacks])).toEqual([
    ['l0', [{ id: 'subset', options: { partition: 'mask', mask: [0, 2, 0, 0, 5, 0] } }]],
    ['linf', [{ id: 'subset', options: { partition: 'mask', mask: [0, 1, 0, 0, 1, 0] } }]],
  ]);
  expect(useApp().step).toBe('threat');
  expect(useApp().toasts.at(-1)).toMatchObject({ kind: 'note', message: expect.stringContaining('2 pixels of 6') });
});

it('takes settings back by what they are, and begins anew with another model', async () => {
  const listeners = new Map<string, (event: { type: string }) => void>();
  Object.assign(window, {
    addEventListener: (type: string, listener: () => void) => listeners.set(type, listener),
    removeEventListener: (type: string) => listeners.delete(type),
  });
  const history = useHistory();
  const settle = async (): Promise<void> => {
    await nextTick();
    await new Promise((done) => setTimeout(done));
  };
  const click = async (change: () => void): Promise<void> => {
    listeners.get('pointerdown')!({ type: 'pointerdown' });
    listeners.get('pointerup')!({ type: 'pointerup' });
    change();
    await settle();
  };
  const stop = history.follow();
  await ready();
  await settle();
  expect(history.undoable).toBe(0);
  const threat = useThreat();
  await click(() => (threat.norms.linf.on = false));
  await click(() => (threat.norms.linf.eps = [0.5]));
  await click(() => useModel().setPreprocessing({ ...useModel().preprocessing!, scale: 255 }));
  await click(() => useRegion().change({ partition: 'row' }));
  expect(history.undoable).toBe(4);
  await history.undo();
  expect(useRegion().cut.partition).toBe('pixel');
  expect(useApp().toasts.at(-1)).toMatchObject({ kind: 'note', message: 'Undone: subsets.' });
  await history.undo();
  await history.undo();
  expect([useModel().preprocessing!.scale, threat.norms.linf.eps.length, threat.norms.linf.on]).toEqual([1, 5, false]);
  expect(useApp().toasts.at(-1)!.message).toBe('Undone: budgets for ℓ∞.');
  await settle();
  // Going back is no step of its own.
  expect([history.undoable, history.redoable]).toEqual([1, 3]);
  await history.redo();
  expect(threat.norms.linf.eps).toEqual([0.5]);
  await click(() => (threat.seed = 3));
  expect([history.undoable, history.redoable]).toEqual([3, 0]);
  await useImages().setRange(5, 10);
  await settle();
  await history.undo();
  expect([useImages().offset, useImages().limit]).toEqual([0, 100]);
  expect(asked.at(-1)).toMatchObject(['images', { offset: 0, limit: null, sample: { size: 100, seed: 0 } }]);
  await useModel().setFixed('mask', [0, 1]);
  await settle();
  await history.undo();
  expect(useModel().named.fixed).toEqual({});
  expect(useApp().toasts.at(-1)!.message).toBe('Undone: values of other inputs.');
  await history.redo();
  expect(useModel().named.fixed).toEqual({ mask: [0, 1] });
  expect(asked.findLast(([call]) => call === 'inspect')).toMatchObject(['inspect', { fixed: { mask: [0, 1] } }]);
  answers['inspect'] = { ...card, path: '/other.onnx' };
  await useModel().open('/other.onnx');
  await settle();
  expect([history.undoable, history.redoable]).toEqual([0, 0]);
  stop();
  expect(listeners.size).toBe(0);
});

it('asks what an audit costs once its plan rests, and only when the plan changed', async () => {
  vi.useFakeTimers();
  try {
    answers['estimate'] = {
      passes: 600,
      seconds: 1,
      workers: 2,
      forward: 0.1,
      gradient: 0.3,
      attacks: [{ threat: 2, attack: 'fmn', passes: 600 }],
    };
    const estimate = useEstimate();
    const stop = estimate.follow();
    await ready();
    useThreat().norms.linf.eps = [0.1];
    await vi.advanceTimersByTimeAsync(1000);
    const questions = () => asked.filter(([name]) => name === 'estimate');
    expect(questions()).toHaveLength(1);
    expect(questions()[0]![1]).toMatchObject({ pictures: [{ channels: 3, height: 1, width: 1, count: 2 }] });
    expect(estimate.perImage(2, 'fmn')).toBe(300);
    useThreat().seed = 9;
    useThreat().name = 'x';
    await vi.advanceTimersByTimeAsync(1000);
    expect(questions()).toHaveLength(1);
    useThreat().norms.l2.on = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect(questions()).toHaveLength(2);
    for (const norm of ['l0', 'linf'] as const) useThreat().norms[norm].on = false;
    await vi.advanceTimersByTimeAsync(1000);
    expect([questions().length, estimate.cost]).toEqual([2, null]);
    stop();
  } finally {
    vi.useRealTimers();
  }
});

it('shows an audit whose engine died as stopped, with Resume and nothing else, and goes on with it', async () => {
  await ready();
  const run = useRun();
  await run.start();
  const status = {
    audit: 'one',
    name: '',
    state: 'running' as const,
    done: 1,
    total: 8,
    eta: 9,
    message: 'Attacking',
    folder: '/audits/one',
  };
  run.hear({ type: 'status', status });
  // Cancel was pressed, and the engine died over it.
  answers['cancel'] = new Error('The engine stopped unexpectedly (signal SIGKILL).');
  useApp().step = 'images';
  await run.act('cancel');
  run.hear({ type: 'status', status: { ...status, state: 'crashed', eta: null, message: 'signal SIGKILL' } });
  run.hear({ type: 'failed', audit: 'one', message: 'The engine stopped unexpectedly; …', user: false });
  run.hear({ type: 'died', message: 'The engine stopped unexpectedly (signal SIGKILL).' });
  expect([run.busy, run.cancelling, run.status?.state]).toEqual([false, false, 'crashed']);
  expect(['run.pause', 'run.cancel', 'run.resume', 'run.start'].map((id) => canDo(id as ActionId))).toEqual([false, false, true, true]);
  // It is seen from other pages, too.
  expect(
    useApp()
      .toasts.map(({ message }) => message)
      .join(' '),
  ).toMatch(/engine crashed.*Resume/);
  expect(run.log[0]).toMatchObject({ kind: 'error' });
  await perform('run.resume');
  expect(asked.at(-1)).toEqual(['resume', expect.objectContaining({ audit: 'one' })]);
  run.hear({ type: 'status', status });
  expect([run.busy, canDo('run.cancel')]).toEqual([true, true]);
});

it('tells another engine of the pictures that the first one knew', async () => {
  await useImages().tellAgain();
  expect(asked).toEqual([]);
  await ready();
  const before = useImages().images;
  asked.length = 0;
  await useImages().tellAgain();
  expect(asked).toEqual([['images', expect.objectContaining({ paths: ['/i'] })]]);
  expect(useImages().images).toEqual(before);
});

it('learns after a lost connection how its audit stands, and that it is over', async () => {
  await ready();
  const run = useRun();
  await run.start();
  const status = { audit: 'one', name: '', state: 'running' as const, done: 1, total: 8, eta: 9, message: '', folder: '/audits/one' };
  run.hear({ type: 'status', status });
  answers['progress'] = { threats: [], classNames: null, order: [], images: [], findings: [] };
  answers['audits'] = [{ ...status, state: 'interrupted', eta: null }];
  await useApp().connect();
  await run.catchUp();
  expect([run.busy, run.status?.state, canDo('run.resume')]).toEqual([false, 'interrupted', true]);
});
