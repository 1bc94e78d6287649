import type { Measured, Task } from './measure.ts';
import type { NodeCost, Profile } from './profile.ts';

export interface Result {
  task: Task;
  measured: Measured;
  profiles: { forward: Profile; gradient: Profile };
}

export const median = (values: readonly number[]): number => {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
};
export const least = (values: readonly number[]): number => values.reduce((a, b) => Math.min(a, b), Infinity);

/** (forward + gradient) / forward that the project holds itself to, at batch 8. */
export function bound(model: string): number {
  return ['resnet-18', 'resnet-50', 'u-net'].includes(model) ? 2.2 : 2.5;
}

const ms = (value: number) => (value < 10 ? value.toFixed(2) : value.toFixed(0));

export const HEADER = `| model | batch | threads | forward ms | gradient ms | ratio | of minima | of processor | of nodes | bound | peak MiB | reorders | plain nodes |
|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|`;

/** One line of the table; forward and gradient graph are separated by an arrow where a column holds both. */
export function row({ task, measured, profiles }: Result): string {
  const { forward, gradient, processor, peak } = measured;
  const { forward: f, gradient: g } = profiles;
  const cells = [
    task.model,
    task.batch,
    task.threads,
    `${ms(median(forward))} (${ms(least(forward))})`,
    `${ms(median(gradient))} (${ms(least(gradient))})`,
    (median(gradient) / median(forward)).toFixed(2),
    (least(gradient) / least(forward)).toFixed(2),
    (least(processor.gradient) / least(processor.forward)).toFixed(2),
    (g.ms / f.ms).toFixed(2),
    task.batch === 8 ? bound(task.model).toFixed(1) : '',
    `${peak.forward.toFixed(0)} → ${peak.gradient.toFixed(0)}`,
    `${f.reorders} → ${g.reorders}`,
    `${f.plain} → ${g.plain}`,
  ];
  return `| ${cells.join(' | ')} |`;
}

/** The dearest nodes, and what each operator costs in all. */
export function profileText(title: string, profile: Profile, count: number): string {
  const share = (value: number) => `${((100 * value) / profile.ms).toFixed(1)} %`;
  const byOp = new Map<string, { ms: number; nodes: number }>();
  for (const node of profile.nodes) {
    const key = kind(node);
    const sum = byOp.get(key) ?? { ms: 0, nodes: 0 };
    byOp.set(key, { ms: sum.ms + node.ms, nodes: sum.nodes + 1 });
  }
  const ops = [...byOp].sort(([, a], [, b]) => b.ms - a.ms).slice(0, count);
  return [
    `${title}: ${ms(profile.ms)} ms in ${profile.nodes.length} nodes`,
    ...profile.nodes
      .slice(0, count)
      .map((n) => `  ${ms(n.ms).padStart(7)} ms ${share(n.ms).padStart(7)}  ${kind(n).padEnd(26)} ${n.shape.padEnd(18)} ${n.name}`),
    '  by operator',
    ...ops.map(([op, sum]) => `  ${ms(sum.ms).padStart(7)} ms ${share(sum.ms).padStart(7)}  ${op} (${sum.nodes})`),
  ].join('\n');
}

const kind = (node: NodeCost) => `${node.op}${node.blocked && !node.op.startsWith('Reorder') ? ' [blocked]' : ''}`;
