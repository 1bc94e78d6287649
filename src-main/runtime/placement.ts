import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { SavedGraph } from '../graph/index.ts';
import { openSession } from './ort.ts';
import type { Session, SessionOptions } from './ort.ts';

/** What onnxruntime's profile says of a node that ran. */
interface Event {
  cat?: string;
  name?: string;
  args?: { op_name?: string; provider?: string };
}

const KERNEL = /_kernel_time$/;

/**
 * Nodes that the CPU ran in a profile of onnxruntime, as `Operator (node)`, sorted. Nothing else tells: a session does not
 * say where its nodes are, and asking for no fallback at all only makes it refuse the model.
 */
export function nodesOnCpu(profile: string): string[] {
  const events = JSON.parse(profile) as Event[];
  const ran = events.filter((e) => e.cat === 'Node' && KERNEL.test(e.name ?? '') && e.args?.provider === 'CPUExecutionProvider');
  return [...new Set(ran.map((e) => `${e.args!.op_name} (${e.name!.replace(KERNEL, '')})`))].sort();
}

/**
 * A session on a provider other than the CPU, which tells after its first run what fell back to the CPU. Only that run is profiled.
 * @throws UserError with onnxruntime's own reason in one sentence.
 */
export async function openPlaced(model: SavedGraph, options: SessionOptions, tell: (nodes: string[]) => void): Promise<Session> {
  const folder = mkdtempSync(join(tmpdir(), 'hairline-placement-'));
  const done = () => rmSync(folder, { recursive: true, force: true });
  let session: Session;
  try {
    session = await openSession(model, { ...options, profile: join(folder, 'run') });
  } catch (error) {
    done();
    throw error;
  }
  let first = true;
  const run: Session['run'] = async (...args: unknown[]) => {
    const out = await (session.run as (...args: unknown[]) => ReturnType<Session['run']>)(...args);
    if (!first) return out;
    first = false;
    session.endProfiling();
    for (const file of readdirSync(folder)) tell(nodesOnCpu(readFileSync(join(folder, file), 'utf8')));
    done();
    return out;
  };
  const { inputNames, outputNames, outputMetadata } = session;
  return {
    ...{ inputNames, outputNames, outputMetadata, run },
    endProfiling: () => undefined,
    async release() {
      await session.release();
      done();
    },
  };
}

/** What an auditor is told of it: one sentence, or null where nothing fell back. */
export function fallbackNote(provider: string, nodes: readonly string[]): string | null {
  if (nodes.length === 0) return null;
  return `${provider} left ${nodes.length} ${nodes.length === 1 ? 'node' : 'nodes'} of the derived graph to the CPU: ${nodes.join(', ')}.`;
}
