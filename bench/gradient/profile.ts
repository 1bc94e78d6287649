import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { composeGradient, composePixels, PORT } from '../../src-main/model/compose.ts';
import { saveGraph } from '../../src-main/graph/index.ts';
import type { Graph } from '../../src-main/graph/index.ts';
import { openSession, Tensor } from '../../src-main/runtime/ort.ts';
import type { OrtTensor } from '../../src-main/runtime/ort.ts';
import { traceFacts } from '../../src-main/runtime/trace.ts';
import { blockedNodes } from './layout.ts';
import { pixelsFor, requestFor } from './measure.ts';
import type { Task } from './measure.ts';

/** One node as onnxruntime ran it, after its own optimizations. */
export interface NodeCost {
  name: string;
  op: string;
  /** Dimensions of the first output. */
  shape: string;
  /** Milliseconds, the least of the runs: what the node costs when nothing else is in the way. */
  ms: number;
  /** Ran in the blocked layout of onnxruntime's convolutions. */
  blocked: boolean;
}

export interface Profile {
  /** Dearest first. */
  nodes: NodeCost[];
  /** Sum over all nodes. */
  ms: number;
  /** Times the data was turned into the blocked layout or back. */
  reorders: number;
  /** Nodes on planes (four dimensions) that ran outside the blocked layout. */
  plain: number;
}

const RUNS = 6;

/** Profiles the forward graph and the graph with the gradient of the margin loss. */
export async function profileModel(task: Task): Promise<{ forward: Profile; gradient: Profile }> {
  const request = requestFor(task);
  const model = await composePixels({ ...request, trace: traceFacts });
  const { graph } = await composeGradient(model, 'margin', false, traceFacts);
  const { rows, picture, output } = model;
  const label = new Float32Array(rows * output.classes);
  for (let r = 0; r < rows; r++) label[r * output.classes + (r % output.classes)] = 1;
  const feeds = {
    [PORT.pixels]: new Tensor('float32', pixelsFor(request), [rows, picture.channels, picture.height, picture.width]),
    [PORT.label]: new Tensor('float32', label, [rows, output.classes]),
  };
  const result = { forward: await profile(model.graph, feeds, task.threads), gradient: await profile(graph, feeds, task.threads) };
  // Both a second time: on a machine with other work, one of the two may have had the worse moment.
  return {
    forward: lower(result.forward, await profile(model.graph, feeds, task.threads)),
    gradient: lower(result.gradient, await profile(graph, feeds, task.threads)),
  };
}

/** Two profiles of one graph as one: each node at its least. */
function lower(a: Profile, b: Profile): Profile {
  const again = new Map(b.nodes.map((node) => [node.name, node.ms]));
  return summed(a.nodes.map((node) => ({ ...node, ms: Math.min(node.ms, again.get(node.name) ?? Infinity) })));
}

/** Runs a graph under onnxruntime's profiler. */
export async function profile(graph: Graph, feeds: Record<string, OrtTensor>, threads: number): Promise<Profile> {
  const folder = mkdtempSync(join(tmpdir(), 'hairline-profile-'));
  const saved = saveGraph(graph);
  try {
    const session = await openSession(saved, { threads, profile: join(folder, 'run') });
    const given = Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!]));
    for (let i = 0; i < RUNS; i++) await session.run(given);
    session.endProfiling();
    await session.release();
    const [file] = readdirSync(folder);
    return read(JSON.parse(readFileSync(join(folder, file!), 'utf8')) as Event[], await blockedNodes(saved));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** An entry of onnxruntime's profile; `dur` is in microseconds. */
interface Event {
  cat: string;
  name: string;
  dur: number;
  args?: { op_name?: string; output_type_shape?: Record<string, number[]>[] };
}

const KERNEL = '_kernel_time';

function read(events: readonly Event[], blocked: ReadonlySet<string>): Profile {
  const nodes = new Map<string, NodeCost>();
  for (const { cat, name, dur, args } of events) {
    if (cat !== 'Node' || !name.endsWith(KERNEL) || !args?.op_name) continue;
    const node = name.slice(0, -KERNEL.length);
    const known = nodes.get(node);
    const shape = Object.values(args.output_type_shape?.[0] ?? {})[0] ?? [];
    if (known) known.ms = Math.min(known.ms, dur / 1000);
    else nodes.set(node, { name: node, op: args.op_name, shape: shape.join('x'), ms: dur / 1000, blocked: blocked.has(node) });
  }
  return summed([...nodes.values()]);
}

function summed(nodes: readonly NodeCost[]): Profile {
  const list = [...nodes].sort((a, b) => b.ms - a.ms);
  const isReorder = (node: NodeCost) => /^Reorder(In|Out)put$/.test(node.op);
  return {
    nodes: list,
    ms: list.reduce((sum, node) => sum + node.ms, 0),
    reorders: list.filter(isReorder).length,
    plain: list.filter((node) => !node.blocked && !isReorder(node) && node.shape.split('x').length === 4).length,
  };
}
