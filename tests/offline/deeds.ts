import { pathOf, textOf } from './strace.ts';
import type { SystemCall } from './strace.ts';

/** What calls come to: paths that were opened to read, paths that were made, written, renamed or removed, and who was spoken to. */
export interface Deeds {
  read: Set<string>;
  written: Set<string>;
  /** What was spoken to, or would have been: addresses that are no loopback, sockets that never got one, names of local sockets. */
  spoken: Set<string>;
  /** Started programs, with their arguments. */
  started: string[];
}

const WRITES = /O_WRONLY|O_RDWR|O_CREAT|O_TRUNC|O_APPEND|O_TMPFILE/;

/** Which arguments of a call name what it changes: pairs of a folder's descriptor (null: none) and the name. */
const CHANGES: Record<string, readonly (readonly [number | null, number])[]> = {
  ...Object.fromEntries(
    [
      'creat',
      'mkdir',
      'rmdir',
      'unlink',
      'mknod',
      'truncate',
      'chmod',
      'chown',
      'lchown',
      'utime',
      'utimes',
      'setxattr',
      'lsetxattr',
      'removexattr',
      'mount',
    ].map((name) => [name, [[null, 0]]]),
  ),
  ...Object.fromEntries(
    ['mkdirat', 'unlinkat', 'mknodat', 'fchmodat', 'fchmodat2', 'fchownat', 'utimensat', 'futimesat'].map((name) => [name, [[0, 1]]]),
  ),
  rename: [
    [null, 0],
    [null, 1],
  ],
  renameat: [
    [0, 1],
    [2, 3],
  ],
  renameat2: [
    [0, 1],
    [2, 3],
  ],
  link: [[null, 1]],
  linkat: [[2, 3]],
  symlink: [[null, 1]],
  symlinkat: [[1, 2]],
};

/** @param base folder that relative names count from where a call names none */
export function deedsOf(calls: readonly SystemCall[], base: string): Deeds {
  const deeds: Deeds = { read: new Set(), written: new Set(), spoken: new Set(), started: [] };
  /** Sockets of the internet, and whether they were given an address of loopback; threads share them, so in whatever order. */
  const sockets = new Map<string, boolean>();
  for (const call of calls) {
    files(call, base, deeds);
    network(call, sockets, deeds);
  }
  for (const [socket, bound] of sockets) if (!bound) deeds.spoken.add(`a socket that was never bound to loopback: ${socket}`);
  return deeds;
}

function files({ name, args, result, came }: SystemCall, base: string, deeds: Deeds): void {
  if (name === 'execve') return void (result === 0 && deeds.started.push(`${textOf(args[0])} ${args[1]}`));
  if (name === 'io_uring_setup' && result !== null && result >= 0) deeds.spoken.add('io_uring, whose work strace does not see');
  const opens = { open: [null, 0, 1], openat: [0, 1, 2], openat2: [0, 1, 2] }[name] as [number | null, number, number] | undefined;
  // What failed has changed nothing, and what was only tried to be read may be told from what follows.
  if (opens) {
    const [folder, file, flags] = opens;
    const path = pathOf(args[file], folder === null ? null : args[folder]!, base);
    if (path === null) return;
    if ((args[flags] ?? '').includes('O_PATH')) return;
    // A link leads elsewhere: what was really opened is told with the descriptor.
    const paths = came === null ? [path] : [path, came];
    if (!WRITES.test(args[flags] ?? '')) for (const one of paths) deeds.read.add(one);
    else if (result === null || result >= 0) for (const one of paths) deeds.written.add(one);
    return;
  }
  if (result !== null && result < 0) return;
  for (const [folder, file] of CHANGES[name] ?? []) {
    const path = pathOf(args[file], folder === null ? null : args[folder]!, base);
    if (path !== null) deeds.written.add(path);
  }
}

const LOOPBACK = /^(127\.\d+\.\d+\.\d+|::1|::ffff:127\.\d+\.\d+\.\d+)$/;

function network({ name, args, result, came }: SystemCall, sockets: Map<string, boolean>, deeds: Deeds): void {
  if (name === 'socket') {
    if (/AF_INET6?\b/.test(args[0] ?? '') && came !== null) sockets.set(came, sockets.get(came) ?? false);
    // Netlink is asked for the machine's network cards, as a look-up of names does.
    else if (!/AF_(UNIX|LOCAL)/.test(args[0] ?? '') && result !== null && result >= 0) deeds.spoken.add(`socket ${args.join(' ')}`);
    return;
  }
  // What the system tells of a socket is no deed, and who came in by loopback is on this machine.
  if (!/^(connect|bind|sendto|sendmsg|sendmmsg)$/.test(name)) return;
  const all = args.join(', ');
  const addresses = [...all.matchAll(/inet_addr\("([^"]*)"\)|inet_pton\(AF_INET6, "([^"]*)"/g)].map((m) => m[1] ?? m[2]!);
  for (const address of addresses) if (!LOOPBACK.test(address)) deeds.spoken.add(`${name} ${address}`);
  const socket = /^\d+<(.*)>$/.exec(args[0] ?? '')?.[1];
  if (socket !== undefined && addresses.length > 0 && addresses.every((a) => LOOPBACK.test(a))) sockets.set(socket, true);
  const local = /sun_path=@?("[^"]*")/.exec(all);
  if (local) deeds.spoken.add(`${name} ${textOf(local[1])}`);
}
