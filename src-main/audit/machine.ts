import type { CpuInfo } from 'node:os';

/** How results name the machine that an audit ran on. */
export function machineName(cpus: readonly CpuInfo[]): string {
  return `${cpus[0]?.model.trim() ?? 'unknown processor'}, ${cpus.length} threads`;
}
