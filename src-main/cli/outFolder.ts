import { createHash } from 'node:crypto';
import { basename } from 'node:path';
import { isFileName } from '../../shared/names.ts';
import type { AuditPlan } from '../../shared/plan.ts';

/** Characters of a title that stay in the name of a folder. */
const KEPT = 60;

/** Where an audit goes when nothing is said: a folder called like its title, or the model. A title that no folder can have is cut short, with a hash so that two do not meet. */
export function outFolder({ name, model }: Pick<AuditPlan, 'name' | 'model'>): string {
  const title = name || basename(model).replace(/\.onnx$/i, '');
  if (isFileName(title)) return `audits/${title}`;
  const plain = title
    .replace(/[^\p{L}\p{N}_-]+/gu, '-')
    .slice(0, KEPT)
    .replace(/^-+|[-\p{Cs}]+$/gu, '');
  return `audits/${plain || 'audit'}-${createHash('sha256').update(title).digest('hex').slice(0, 8)}`;
}
