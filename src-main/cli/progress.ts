import type { RunEvent } from '../../shared/contract.ts';
import { stateLabel } from '../../shared/format.ts';
import type { ThreatModel } from '../../shared/plan.ts';
import { largestBudget, stateAt } from '../../shared/states.ts';
import type { StateAt } from '../../shared/states.ts';
import { json, visible } from './print.ts';

/** Shows how an audit goes on: the command line's listener to the engine's events. */
export interface Progress {
  event(event: RunEvent): void;
  /** Leaves the terminal clean for what is printed next. */
  end(): void;
}

/** Every event as a JSON line on stdout. */
export function jsonProgress(): Progress {
  return { event: json, end: () => undefined };
}

function bar(done: number, total: number): string {
  const width = 28;
  const filled = total > 0 ? Math.round((width * done) / total) : 0;
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** A bar on the terminal's stderr, redrawn in place. It counts runs of attacks: what broke an image beyond every budget is told apart. */
export function barProgress(threats: readonly Pick<ThreatModel, 'eps'>[], stream: NodeJS.WriteStream = process.stderr): Progress {
  let shown = false;
  const counts: Partial<Record<StateAt, number>> = {};
  return {
    event(event) {
      if (event.type === 'finding') {
        const state = stateAt(event, largestBudget(threats[event.threat]!));
        counts[state] = (counts[state] ?? 0) + 1;
      }
      if (event.type !== 'status') return;
      const { done, total, eta, message } = event.status;
      const left = eta === null || done === total ? '' : `  ${time(eta)} left`;
      const said = (['broken', 'beyond', 'held', 'failed'] as const).flatMap((state) =>
        counts[state] ? `${counts[state]} ${stateLabel(state, null)}` : [],
      );
      const found = said.length > 0 ? `  ${said.join(', ')}` : '';
      const text = `${bar(done, total)} ${done}/${total}${found}${left}  ${visible(message)}`;
      stream.write(`\r\u001b[2K${text.slice(0, (stream.columns ?? 100) - 1)}`);
      shown = true;
    },
    end() {
      if (shown) stream.write('\r\u001b[2K');
      shown = false;
    },
  };
}

/** For a log: one plain line at every tenth of the work. */
export function plainProgress(stream: NodeJS.WriteStream = process.stderr): Progress {
  let tenth = -1;
  return {
    event(event) {
      if (event.type !== 'status' || event.status.total === 0) return;
      const { done, total, eta } = event.status;
      const now = Math.floor((10 * done) / total);
      if (now === tenth) return;
      tenth = now;
      stream.write(
        `[${'#'.repeat(now)}${'.'.repeat(10 - now)}] ${done}/${total}${eta === null || done === total ? '' : `, ${time(eta)} left`}\n`,
      );
    },
    end: () => undefined,
  };
}

function time(seconds: number): string {
  const s = Math.max(0, Math.round(seconds));
  if (s < 90) return `${s} s`;
  const m = Math.round(s / 60);
  return m < 90 ? `${m} min` : `${Math.floor(m / 60)} h ${m % 60} min`;
}

/** How far a gradient check is: a bar on a terminal, else a line for each direction that is through. Both on stderr. */
export function checkProgress(stream: NodeJS.WriteStream = process.stderr): { event(event: RunEvent): void; end(): void } {
  const name = 'Checking the gradient';
  let said = -1;
  return {
    event(event) {
      if (event.type !== 'check') return;
      const { done, total, check } = event;
      const text = `${name}: ${check.directions} of ${check.wanted} directions`;
      if (stream.isTTY) stream.write(`\r\u001b[2K${bar(done, total)} ${text}`.slice(0, (stream.columns ?? 100) + 4));
      else if (check.directions !== said) stream.write(`${text}\n`);
      said = check.directions;
    },
    end() {
      if (said >= 0 && stream.isTTY) stream.write('\r\u001b[2K');
    },
  };
}
