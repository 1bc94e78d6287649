import type { Finding } from '../../shared/results.ts';
import type { Journal } from './journal.ts';
import type { ImageRecord, JournalRecord, Setup } from './records.ts';

/** What is known so far, from the journal and from this sitting. */
export class AuditState {
  setup: Setup | null = null;
  started = new Date().toISOString();
  seconds = 0;
  readonly images = new Map<string, ImageRecord>();
  readonly findings = new Map<string, Finding>();
  private readonly journal: Journal;

  constructor(journal: Journal) {
    this.journal = journal;
    for (const record of journal.records) this.take(record);
  }

  static key(image: string, threat: number, attack: number | string): string {
    return `${image}\n${threat}\n${attack}`;
  }

  /** Journal first, then memory: what is told to anyone is on the disk. */
  add(record: JournalRecord): void {
    this.journal.append(record);
    this.take(record);
  }

  private take(record: JournalRecord): void {
    switch (record.type) {
      case 'plan':
        this.started = record.started;
        break;
      case 'setup':
        this.setup = record.setup;
        break;
      case 'image':
        this.images.set(record.image.id, record.image);
        break;
      case 'finding':
        this.findings.set(AuditState.key(record.finding.image, record.finding.threat, record.finding.attack), record.finding);
        break;
      case 'sitting':
        this.seconds += record.seconds;
    }
  }
}
