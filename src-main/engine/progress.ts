import type { CallOut, FindingEvent, ImageEvent } from '../../shared/contract.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import type { Finding } from '../../shared/results.ts';
import { demandFit } from '../audit/fit.ts';
import { Journal } from '../audit/journal.ts';
import { standing } from '../audit/records.ts';
import type { ImageRecord } from '../audit/records.ts';
import { AuditState } from '../audit/state.ts';

/** What is told of a clean image that was looked at. */
export function imageEvent(audit: string, image: ImageRecord): ImageEvent {
  const { id, label, prediction } = image;
  return { type: 'image', audit, image: id, label, prediction, right: standing(image) === 'right' };
}

/** What is told of a finding; a distance only where the image is broken. */
export function findingEvent(audit: string, plan: AuditPlan, finding: Finding): FindingEvent {
  const { image, threat, attack, state, eightBit } = finding;
  const distance = state === 'broken' && eightBit ? eightBit[plan.threats[threat]!.norm] : null;
  return { type: 'finding', audit, image, threat, attack, state, distance };
}

/**
 * What an audit has told of so far. The journal is written before anything is told, so that together with the events
 * from now on nothing is missing; some may come twice.
 * @throws UserError when the journal is damaged, or does not fit the plan.
 */
export function historyOf(audit: string, plan: AuditPlan, folder: string): CallOut<'progress'> {
  const out: CallOut<'progress'> = { threats: plan.threats, classNames: null, order: [], images: [], findings: [] };
  const { records } = Journal.read(folder);
  demandFit(plan, new AuditState(records));
  for (const record of records) {
    if (record.type === 'setup') Object.assign(out, { classNames: record.setup.classNames, order: record.setup.images });
    if (record.type === 'image') out.images.push({ ...imageEvent(audit, record.image), source: record.image.source });
    if (record.type === 'finding') out.findings.push(findingEvent(audit, plan, record.finding));
  }
  return out;
}
