import { defineStore } from 'pinia';
import { computed, ref, shallowRef, triggerRef } from 'vue';
import type { AuditStatus, RunEvent } from '../../shared/contract.ts';
import { formatDistance, STATE_LABEL } from '../../shared/format.ts';
import type { Norm } from '../../shared/norms.ts';
import { theHost } from '../host/index.ts';
import { emptyImage, type LiveImage } from '../logic/live.ts';
import { baseName } from '../logic/sort.ts';
import { S } from '../strings.ts';
import { useApp } from './app.ts';
import { useImages } from './images.ts';
import { useResults } from './results.ts';
import { useThreat } from './threat.ts';

export interface LogLine {
  id: number;
  kind: 'info' | 'broken' | 'warning' | 'error';
  text: string;
}

/** The newest lines that are kept. */
const LOG = 300;

export interface LiveThreat {
  norm: Norm;
  eps: number[];
  attacks: number;
}

/** The audit that runs now, as its events tell it. */
export const useRun = defineStore('run', () => {
  const status = shallowRef<AuditStatus | null>(null);
  const images = shallowRef(new Map<string, LiveImage>());
  const sources = shallowRef(new Map<string, string>());
  const threats = shallowRef<LiveThreat[]>([]);
  const log = shallowRef<LogLine[]>([]);
  const starting = ref(false);
  const cancelling = ref(false);
  let line = 1;
  let drawn = false;

  const busy = computed(() => ['preparing', 'running', 'paused'].includes(status.value?.state ?? ''));

  /** Starts the audit of the threat store's plan; gives whether it began. */
  async function start(): Promise<boolean> {
    const plan = useThreat().plan();
    starting.value = true;
    reset();
    const loaded = useImages().images;
    images.value = new Map(loaded.map((image) => [image.id, { ...emptyImage(image.id), label: image.label }]));
    sources.value = new Map(loaded.map((image) => [image.id, image.source]));
    threats.value = plan.threats.map(({ norm, eps, attacks }) => ({ norm, eps, attacks: attacks.length }));
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
  function attach(other: AuditStatus): void {
    if (status.value?.audit === other.audit) return;
    reset();
    status.value = other;
  }

  async function act(call: 'pause' | 'resume' | 'cancel'): Promise<void> {
    if (!status.value) return;
    if (call === 'cancel') cancelling.value = true;
    try {
      await theHost().call(call, { audit: status.value.audit });
    } catch (error) {
      cancelling.value = false;
      useApp().fail(error);
    }
  }

  /** Takes in one event. Events of another audit are left alone, unless a new one is starting. */
  function hear(event: RunEvent): void {
    const audit = event.type === 'status' ? event.status.audit : event.audit;
    if (status.value ? status.value.audit !== audit : !starting.value) return;
    switch (event.type) {
      case 'status':
        status.value = event.status;
        break;
      case 'image': {
        const image = imageOf(event.image);
        Object.assign(image, { label: event.label, prediction: event.prediction, right: event.right });
        break;
      }
      case 'finding': {
        const image = imageOf(event.image);
        (image.states[event.threat] ??= []).push(event.state);
        if (event.distance !== null) {
          image.distance[event.threat] = Math.min(event.distance, image.distance[event.threat] ?? Number.POSITIVE_INFINITY);
        }
        note(event);
        break;
      }
      case 'warning':
        write('warning', event.message);
        break;
      case 'failed':
        write('error', event.message);
        useApp().fail(new Error(event.message));
        break;
      case 'finished':
        void finish(event.audit);
    }
    draw();
  }

  /** A cancelled audit has results too, of what was done; without any, nothing is shown. */
  async function finish(audit: string): Promise<void> {
    await useApp().refreshAudits();
    await useResults().open(audit, status.value?.state === 'cancelled');
  }

  function imageOf(id: string): LiveImage {
    let image = images.value.get(id);
    if (!image) images.value.set(id, (image = emptyImage(id)));
    return image;
  }

  function note(event: Extract<RunEvent, { type: 'finding' }>): void {
    if (event.state !== 'broken' && event.state !== 'failed') return;
    const norm = threats.value[event.threat]?.norm;
    const distance = norm && event.distance !== null ? ` · ${formatDistance(norm, event.distance)}` : '';
    const image = baseName(sources.value.get(event.image) ?? event.image);
    const text = S.run.finding(useApp().attackTitle(event.attack), image, STATE_LABEL[event.state] + distance);
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
    log.value = [];
    cancelling.value = false;
  }

  return { status, images, sources, threats, log, starting, cancelling, busy, start, attach, act, hear };
});
