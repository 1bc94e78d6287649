import { UserError } from '../../shared/errors.ts';
import type { Preprocessing } from '../../shared/plan.ts';
import { supportedOperators } from '../autodiff/index.ts';
import { int, operatorName } from '../graph/index.ts';
import type { Graph } from '../graph/index.ts';
import { composeGradient, composePixels } from '../model/compose.ts';
import type { ComposeRequest } from '../model/compose.ts';
import { withoutGeometry } from '../model/preprocessing/index.ts';
import { composeOutput, composeVjp } from '../model/regression.ts';
import { traceFacts } from '../runtime/trace.ts';

/** Operators that draw random numbers. */
const RANDOM = /^(Random(Normal|Uniform)(Like)?|Bernoulli|Multinomial)$/;
/** What can be done about operators that are refused often. */
const ADVICE: Record<string, string> = {
  If: 'Export it so that every picture takes the same way, such as by tracing.',
  Loop: 'Export it so that every picture takes the same way, such as by tracing.',
};

interface Request extends Omit<ComposeRequest, 'trace' | 'preprocessing'> {
  preprocessing: Preprocessing;
  /** Name of the output where it is no classifier; null: class scores. */
  output: string | null;
}

/**
 * Why an audit would refuse a model for its operators, in a sentence; null where nothing speaks for that. Only of one with operators
 * that may be refused is the gradient written: that takes long for a large network.
 */
export async function refusalOf({ output, ...asked }: Request): Promise<string | null> {
  const { nodes } = asked.graph;
  if (!suspicious(asked.graph)) return null;
  const random = nodes.find(({ opType }) => RANDOM.test(opType));
  const request = { ...asked, preprocessing: withoutGeometry(asked.preprocessing), trace: traceFacts };
  try {
    if (output === null) await composeGradient(await composePixels(request), 'margin', false, traceFacts);
    else await composeVjp(await composeOutput(request, output), traceFacts);
    return null;
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    if (random)
      return `An audit would refuse it: it draws random numbers (${random.opType}), and answers otherwise each time it sees the same picture. Export it in evaluation mode (model.eval()).`;
    const advice = Object.entries(ADVICE).find(([operator]) => error.message.includes(`${operator} at node`))?.[1];
    return [`An audit would refuse it: ${error.message}`, ...(advice ? [advice] : [])].join(' ');
  }
}

function suspicious({ nodes }: Graph): boolean {
  const known = new Set(supportedOperators());
  return nodes.some(
    (node) =>
      !known.has(operatorName(node)) || ['If', 'Loop', 'Scan', 'Dropout'].includes(node.opType) || int(node, 'training_mode', 0) !== 0,
  );
}
