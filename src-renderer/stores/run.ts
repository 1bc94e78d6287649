import { defineStore } from 'pinia';
import { computed, ref, shallowRef, triggerRef } from 'vue';
import type { AuditStatus, FindingEvent, ImageEvent, RunEvent } from '../../shared/contract.ts';
import { formatDistance, formatEps } from '../../shared/format.ts';
import type { Norm } from '../../shared/norms.ts';
import type { Goal } from '../../shared/plan.ts';
import { largestBudget, stateAt } from '../../shared/states.ts';
import { theHost } from '../host/index.ts';
import { emptyImage, type LiveImage, type LiveThreat as Threat } from '../logic/runProgress.ts';
import { baseName } from '../logic/sort.ts';
import { OwnError, S } from '../strings.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';
import { loadedFiles } from './loaded.ts';
import { useResults } from './results.ts';
import { useThreat } from './threat.ts';

export interface LogLine {
  id: number;
  kind: 'info' | 'broken' | 'warning' | 'error';
  text: string;
}

/** The newest lines that are kept. */
const LOG = 300;

export interface LiveThreat extends Threat {
  norm: Norm;
  /** Whether its goal is on the output of the network rather than on its classes. */
  onOutput: boolean;
}

/** Threats as a plan has them, whose goal may be left out. */
type Planned = readonly { norm: Norm; eps: readonly number[]; attacks: readonly { id: string }[]; goal?: Pick<Goal, 'kind'> | undefined }[];
const liveOf = (threats: Planned): LiveThreat[] =>
  threats.map(({ norm, eps, attacks, goal }) => ({
    norm,
    eps: [...eps],
    attacks: attacks.length,
    minimal: attacks.every(({ id }) => useApp().isMinimal(id)),
    onOutput: goal !== undefined && useApp().isOnOutput(goal),
  }));

/** Whether an audit goes on, or waits to. */
export const goesOn = ({ state }: AuditStatus): boolean => state === 'preparing' || state === 'running' || state === 'paused';

/** The audit that runs now, as its events tell it. */
export const useRun = defineStore('run', () => {
  const status = shallowRef<AuditStatus | null>(null);
  /** Where the last error was thrown that nobody foresaw. */
  const trace = ref<string | null>(null);
  const images = shallowRef(new Map<string, LiveImage>());
  const sources = shallowRef(new Map<string, string>());
  const threats = shallowRef<LiveThreat[]>([]);
  const classNames = shallowRef<string[] | null>(null);
  const log = shallowRef<LogLine[]>([]);
  const starting = ref(false);
  const cancelling = ref(false);
  /** Findings taken in, by image, threat and attack. */
  const found = new Set<string>();
  let line = 1;
  let drawn = false;

  const busy = computed(() => status.value !== null && goesOn(status.value));

  /** Starts the audit of the threat store's plan; gives whether it began. */
  async function start(): Promise<boolean> {
    const plan = useThreat().plan();
    starting.value = true;
    reset();
    const loaded = useImages().images;
    images.value = new Map(loaded.map((image) => [image.id, { ...emptyImage(image.id), label: image.label }]));
    sources.value = new Map(loaded.map((image) => [image.id, image.source]));
    classNames.value = useImages().classNames;
    threats.value = liveOf(plan.threats);
    try {
      // The first events may be here before the answer.
      const { audit } = await theHost().call('start', { plan });
      status.value ??= { audit, name: plan.name ?? '', state: 'preparing', done: 0, total: 0, eta: null, message: '', folder: '' };
      return true;
    } catch (error) {
      useApp().fail(error);
      return false;
    } finally {
      starting.value = false;
    }
  }

  /** Follows an audit that was started before this window was opened. */
  async function attach(other: AuditStatus): Promise<void> {
    if (status.value?.audit === other.audit) return;
    reset();
    status.value = other;
    await fillIn();
  }

  /** Fills in what was told while nobody listened. Events that come meanwhile are the same as in a run. */
  async function fillIn(): Promise<void> {
    const audit = status.value?.audit;
    if (audit === undefined) return;
    try {
      const past = await theHost().call('progress', { audit });
      if (status.value?.audit !== audit) return;
      threats.value = liveOf(past.threats);
      classNames.value = past.classNames;
      // In the order of the audit; what was heard already stays.
      const heard = images.value;
      images.value = new Map(past.order.map((id) => [id, heard.get(id) ?? emptyImage(id)]));
      for (const image of past.images) {
        sources.value.set(image.image, image.source);
        look(image);
      }
      for (const finding of past.findings) find(finding);
      draw();
    } catch (error) {
      useApp().fail(error);
    }
  }

  async function act(call: 'pause' | 'resume' | 'cancel'): Promise<void> {
    if (!status.value) return;
    if (call !== 'pause') cancelling.value = call === 'cancel';
    try {
      const { audit } = status.value;
      await (call === 'resume' ? theHost().call(call, { audit, files: loadedFiles() }) : theHost().call(call, { audit }));
    } catch (error) {
      cancelling.value = false;
      useApp().fail(error);
    }
  }

  /** Takes in one event. Events of another audit are left alone, unless a new one is starting. */
  function hear(event: RunEvent): void {
    if (event.type === 'died' || event.type === 'check') return;
    const audit = event.type === 'status' ? event.status.audit : event.audit;
    if (status.value ? status.value.audit !== audit : !starting.value) return;
    switch (event.type) {
      case 'status':
        status.value = event.status;
        if (!goesOn(event.status)) cancelling.value = false;
        break;
      case 'image':
        look(event);
        break;
      case 'finding':
        if (find(event)) note(event);
        break;
      case 'warning':
        write('warning', event.message);
        break;
      case 'failed':
        write('error', event.message);
        trace.value = event.trace ?? null;
        fall(event.message);
        break;
      case 'finished':
        void finish(event.audit);
    }
    draw();
  }

  /** It came to nothing. That its engine is gone is said where the audit stands, and elsewhere where nobody looks there. */
  function fall(message: string): void {
    const app = useApp();
    if (busy.value) status.value = { ...status.value!, state: 'failed', message, eta: null };
    if (status.value?.state !== 'crashed') app.fail(new Error(message));
    else if (app.step !== 'run') app.fail(new OwnError(S.errors.crashed));
    void app.refreshAudits();
  }

  /** Takes over how the audit stands from what the host knows now: it may have ended while nobody listened. */
  async function catchUp(): Promise<void> {
    const now = useApp().audits.find(({ audit }) => audit === status.value?.audit);
    const ended = now && busy.value && !goesOn(now);
    if (now && status.value?.state !== 'crashed') status.value = now;
    await fillIn();
    if (ended) await finish(now.audit);
  }

  /** A cancelled audit has results too, of what was done; without any, nothing is shown. */
  async function finish(audit: string): Promise<void> {
    await useApp().refreshAudits();
    await useResults().open(audit, status.value?.state !== 'finished');
  }

  function look({ image, label, prediction, right }: ImageEvent): void {
    Object.assign(imageOf(image), { label, prediction, right });
  }

  /** Takes a finding in once, though it may be told both by an event and by the journal. */
  function find({ image: id, threat, attack, state, distance }: FindingEvent): boolean {
    const key = `${id}\n${threat}\n${attack}`;
    if (found.has(key)) return false;
    found.add(key);
    const image = imageOf(id);
    (image.states[threat] ??= []).push(state);
    if (distance !== null) image.distance[threat] = Math.min(distance, image.distance[threat] ?? Number.POSITIVE_INFINITY);
    return true;
  }

  function imageOf(id: string): LiveImage {
    let image = images.value.get(id);
    if (!image) images.value.set(id, (image = emptyImage(id)));
    return image;
  }

  function note(event: Extract<RunEvent, { type: 'finding' }>): void {
    if (event.state !== 'broken' && event.state !== 'failed') return;
    const threat = threats.value[event.threat];
    if (!threat) return;
    const distance = event.distance === null ? '' : ` · ${formatDistance(threat.norm, event.distance)}`;
    const largest = largestBudget(threat);
    const image = baseName(sources.value.get(event.image) ?? event.image);
    const text = S.run.finding(
      useApp().attackTitle(event.attack),
      image,
      S.say.state(stateAt(event, largest), formatEps(threat.norm, largest)) + distance,
    );
    write(event.state === 'broken' ? 'broken' : 'error', text);
  }

  function write(kind: LogLine['kind'], text: string): void {
    log.value = [{ id: line++, kind, text }, ...log.value.slice(0, LOG - 1)];
  }

  /** Thousands of events a second are shown once a frame. */
  function draw(): void {
    if (drawn) return;
    drawn = true;
    requestAnimationFrame(() => {
      drawn = false;
      triggerRef(images);
    });
  }

  function reset(): void {
    status.value = null;
    images.value = new Map();
    sources.value = new Map();
    threats.value = [];
    classNames.value = null;
    found.clear();
    log.value = [];
    cancelling.value = false;
  }

  return { status, images, sources, trace, threats, classNames, log, starting, cancelling, busy, start, attach, catchUp, act, hear };
});
