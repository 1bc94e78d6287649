import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

/** A process, told from every other one, also from one that got its number later. Texts without a dot. */
export interface Holder {
  host: string;
  /** Since when the machine runs; 0 where the system does not say. */
  boot: string;
  /** Where process numbers count: containers have their own. */
  space: string;
  pid: string;
  /** When the process started; 0 where the system does not say. */
  start: string;
}

const UNKNOWN = '0';

/** This process. */
export function ourselves(): Holder {
  return { host: brief(hostname()), boot: bootOf(), space: spaceOf(), pid: String(process.pid), start: startOf('self') ?? UNKNOWN };
}

/** Whether this process can tell for sure if that one lives: same machine, same numbers, and the system says when processes started. */
export function isSame({ host, boot, space, start }: Holder): boolean {
  const own = ourselves();
  if (host !== own.host) return false;
  return boot !== own.boot || (space === own.space && start !== UNKNOWN);
}

/** Whether a process is over, as far as this machine can know. */
export function isDead({ host, boot, space, pid, start }: Holder): boolean {
  const own = ourselves();
  if (host !== own.host) return false;
  if (boot !== own.boot || !/^[1-9]\d*$/.test(pid)) return true;
  if (space !== own.space) return false;
  const now = start === UNKNOWN ? null : startOf(pid);
  if (now !== null) return now !== start;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    // EPERM: somebody else's, and alive.
    return (error as NodeJS.ErrnoException).code !== 'EPERM';
  }
}

function brief(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}

const bootOf = (): string => linux(() => brief(readFileSync('/proc/sys/kernel/random/boot_id', 'utf8'))) ?? UNKNOWN;
const spaceOf = (): string => linux(() => brief(readlinkSync('/proc/self/ns/pid'))) ?? UNKNOWN;

/** Ticks between the machine's start and the process's: field 22 of its line, counted after the name, which may hold anything. */
function startOf(pid: string): string | null {
  return linux(() => {
    const line = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [state, ...fields] = line.slice(line.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' || state === 'X' ? 'over' : fields[18]!;
  });
}

/** What only Linux tells; null elsewhere, and where it does not. */
function linux(ask: () => string): string | null {
  if (process.platform !== 'linux') return null;
  try {
    return ask();
  } catch {
    return null;
  }
}
