import type { CheckMeasure, Finding } from '../../shared/results.ts';
import type { AuditPlan } from '../../shared/plan.ts';
import { checkProgress } from './checked.ts';
import type { Journal } from './journal.ts';
import { standing } from './records.ts';
import type { ImageRecord, JournalRecord, Setup } from './records.ts';

/** What is known so far, from the journal and from this session. */
export class AuditState {
  setup: Setup | null = null;
  /** By which the installation knows that it settled it. */
  seal: string | null = null;
  started = new Date().toISOString();
  seconds = 0;
  readonly images = new Map<string, ImageRecord>();
  /** How many of them the model gets wrong when clean; those are not attacked. */
  wrong = 0;
  readonly findings = new Map<string, Finding>();
  /** By image. */
  readonly checks = new Map<string, CheckMeasure>();
  private readonly journal: Pick<Journal, 'append'> | null;

  /** @param journal where `add` writes to; none where a state is only looked at */
  constructor(records: readonly JournalRecord[], journal: Pick<Journal, 'append'> | null = null) {
    this.journal = journal;
    for (const record of records) this.take(record);
  }

  static key(image: string, threat: number, attack: number | string): string {
    return `${image}\n${threat}\n${attack}`;
  }

  /** Journal first, then memory: what is told to anyone is on the disk. */
  add(record: JournalRecord): void {
    this.journal?.append(record);
    this.take(record);
  }

  /** As if it had not been looked at. */
  forgetImage(image: ImageRecord): void {
    if (this.images.delete(image.id) && standing(image) === 'wrong') this.wrong--;
  }

  /** As if the attack had not been run. */
  forgetFinding({ image, threat, attack }: Finding): void {
    this.findings.delete(AuditState.key(image, threat, attack));
  }

  /** As if the image had not been measured for the page of checks. */
  forgetCheck(image: string): void {
    this.checks.delete(image);
  }

  private take(record: JournalRecord): void {
    switch (record.type) {
      case 'plan':
        this.started = record.started;
        break;
      case 'setup':
        this.setup = record.setup;
        this.seal = record.seal ?? null;
        break;
      case 'image':
        if (standing(record.image) === 'wrong' && !this.images.has(record.image.id)) this.wrong++;
        this.images.set(record.image.id, record.image);
        break;
      case 'finding':
        this.findings.set(AuditState.key(record.finding.image, record.finding.threat, record.finding.attack), record.finding);
        break;
      case 'check':
        this.checks.set(record.check.image, record.check);
        break;
      case 'session':
        this.seconds += record.seconds;
    }
  }
}

/** How many triples of image, threat model and attack an audit has, with the images of its page of checks, and how many are settled; 0 of 0 before its setup. */
export function progressOf(plan: AuditPlan, state: AuditState): { done: number; total: number } {
  const pairs = plan.threats.reduce((n, threat) => n + threat.attacks.length, 0);
  const checks = state.setup ? checkProgress(plan, state.setup, state) : { done: 0, total: 0 };
  return {
    done: state.findings.size + state.wrong * pairs + checks.done,
    total: (state.setup?.images.length ?? 0) * pairs + checks.total,
  };
}
