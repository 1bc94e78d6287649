import { performance } from 'node:perf_hooks';
import { Preprocessing } from '../../shared/plan.ts';
import { declaredShape, loadGraph } from '../../src-main/graph/index.ts';
import { findImageInput } from '../../src-main/model/network.ts';
import { openDifferentiable } from '../../src-main/runtime/differentiable.ts';
import type { OpenRequest } from '../../src-main/runtime/openRequest.ts';

/** What one process measures: one model, one batch, one number of threads. */
export interface Task {
  model: string;
  /** The model's .onnx file. */
  file: string;
  batch: number;
  threads: number;
  /** Time to spend on repeats, and how many there are at least. */
  seconds: number;
  repeats: number;
}

/** Milliseconds, one entry per run. */
export interface Times {
  forward: number[];
  gradient: number[];
}
export interface Measured extends Times {
  /** Milliseconds of processor time: what other work on the machine disturbs least. Threads that wait for each other count, too. */
  processor: Times;
  /** MiB, the most the process held up to and including the first forward, and the first gradient. */
  peak: { forward: number; gradient: number };
}

const MIB = 1024; // resourceUsage counts KiB

/** The request every benchmark opens a model of the zoo with: pictures of the network's own size, ImageNet's normalisation. */
export function requestFor({ file, batch, threads }: Pick<Task, 'file' | 'batch' | 'threads'>): OpenRequest {
  const graph = loadGraph(file);
  const [channels, height, width] = declaredShape(graph.inputs[0]!).dims.slice(1) as [number, number, number];
  const colour = { mean: [0.485, 0.456, 0.406], std: [0.229, 0.224, 0.225] };
  const preprocessing = Preprocessing.parse(channels === 1 ? { channels: 'grey' } : colour);
  return {
    graph,
    input: findImageInput(graph, null),
    preprocessing,
    picture: { channels, height, width },
    rows: batch,
    provider: 'cpu',
    threads,
  };
}

/** Pixels of no meaning, all different. */
export function pixelsFor(request: OpenRequest): Float32Array {
  const { channels, height, width } = request.picture;
  return Float32Array.from({ length: request.rows * channels * height * width }, (_, i) => ((i * 2654435761) >>> 8) / 2 ** 24);
}

/** Forward passes and gradients of the margin loss by turns, so that whatever else the machine does hits both. */
export async function measure(task: Task): Promise<Measured> {
  const request = requestFor(task);
  const model = await openDifferentiable(request);
  const pixels = pixelsFor(request);
  const label = Int32Array.from({ length: task.batch }, (_, r) => r % model.classes);
  const forward = () => model.forward(pixels);
  const gradient = () => model.gradient('margin', pixels, label, null);
  await forward();
  const afterForward = process.resourceUsage().maxRSS / MIB;
  await gradient();
  const afterGradient = process.resourceUsage().maxRSS / MIB;
  await forward();
  const times: Times = { forward: [], gradient: [] };
  const processor: Times = { forward: [], gradient: [] };
  const end = performance.now() + 1000 * task.seconds;
  while (times.forward.length < task.repeats || performance.now() < end) {
    for (const [kind, run] of [
      ['forward', forward],
      ['gradient', gradient],
    ] as const) {
      const { wall, cpu } = await timed(run);
      times[kind].push(wall);
      processor[kind].push(cpu);
    }
  }
  await model.close();
  return { ...times, processor, peak: { forward: afterForward, gradient: afterGradient } };
}

/** Milliseconds of one run, by the clock and of processor time. */
export interface Timed {
  wall: number;
  cpu: number;
}

export async function timed(run: () => Promise<unknown>): Promise<Timed> {
  const [start, before] = [performance.now(), process.cpuUsage()];
  await run();
  const { user, system } = process.cpuUsage(before);
  return { wall: performance.now() - start, cpu: (user + system) / 1000 };
}
