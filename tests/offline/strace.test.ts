import { describe, expect, it } from 'vitest';
import { deedsOf } from './deeds.ts';
import { parseLine, pathOf, textOf } from './strace.ts';

/** Lines as strace 6 writes them. */
const deeds = (...lines: string[]) =>
  deedsOf(
    lines.flatMap((line) => parseLine(line) ?? []),
    '/base',
  );
const written = (...lines: string[]): string[] => [...deeds(...lines).written].sort();
const spoken = (...lines: string[]): string[] => [...deeds(...lines).spoken];

describe("a line of strace's log", () => {
  it('is a call with its arguments, whatever signs a name holds', () => {
    expect(parseLine('openat(AT_FDCWD</a b>, "/x, \\"y\\" (1) <2>", O_RDONLY|O_CLOEXEC) = 3</x, "y" (1) \\74\\62\\76>')).toMatchObject({
      name: 'openat',
      args: ['AT_FDCWD</a b>', '"/x, \\"y\\" (1) <2>"', 'O_RDONLY|O_CLOEXEC'],
      result: 3,
    });
    expect(
      parseLine('bind(19<socket:[1]>, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0')!.args,
    ).toHaveLength(3);
    expect(parseLine('getpid() = 7')).toMatchObject({ args: [], result: 7 });
    expect(parseLine('mkdir("/x", 0777) = -1 EEXIST (File exists)')).toMatchObject({ result: -1 });
    expect(parseLine('execve("/bin/x", ["x", "a, b"], 0x7ffe /* 3 vars */ <unfinished ...>')).toMatchObject({ result: null });
    for (const line of ['+++ exited with 0 +++', '--- SIGCHLD {si_signo=SIGCHLD} ---', '']) expect(parseLine(line)).toBeNull();
  });

  it('names files from the folder before them, with octal and named escapes', () => {
    expect(textOf('"a\\tb\\303\\244\\"\\\\"')).toBe('a\tbä"\\');
    expect(textOf('NULL')).toBeNull();
    expect(pathOf('"../c"', '3</a/b>', '/base')).toBe('/a/c');
    expect(pathOf('"c"', 'AT_FDCWD', '/base')).toBe('/base/c');
    expect(pathOf('"/c"', '3</a>', '/base')).toBe('/c');
  });
});

describe('deeds', () => {
  it.each<[string, string[]]>([
    ['openat(AT_FDCWD</w>, "n", O_WRONLY|O_CREAT|O_TRUNC, 0666) = 3</w/n>', ['/w/n']],
    ['openat(AT_FDCWD</w>, "n", O_RDWR) = 3</w/n>', ['/w/n']],
    ['open("n", O_RDONLY|O_CREAT, 0600) = 3</base/n>', ['/base/n']],
    ['openat(AT_FDCWD</w>, "n", O_RDONLY|O_TRUNC) = 3', ['/w/n']],
    ['creat("/n", 0600) = 3', ['/n']],
    ['mkdir("/n", 0777) = 0', ['/n']],
    ['rename("/a", "/b") = 0', ['/a', '/b']],
    ['renameat2(3</d>, "a", 4</e>, "b", 0) = 0', ['/d/a', '/e/b']],
    ['unlinkat(3</d>, "a", 0) = 0', ['/d/a']],
    ['link("/a", "/b") = 0', ['/b']],
    ['linkat(3</d>, "a", 4</e>, "b", 0) = 0', ['/e/b']],
    ['symlink("/target", "/b") = 0', ['/b']],
    ['symlinkat("/target", 4</e>, "b") = 0', ['/e/b']],
    ['mknod("/p", S_IFIFO|0644) = 0', ['/p']],
    ['truncate("/p", 0) = 0', ['/p']],
    ['openat(AT_FDCWD</w>, "n", O_RDONLY|O_CLOEXEC) = 3</w/n>', []],
    ['openat(AT_FDCWD</w>, "n", O_RDWR|O_PATH) = 3</w/n>', []],
    ['mkdir("/n", 0777) = -1 EEXIST (File exists)', []],
  ])('%s', (line, paths) => expect(written(line)).toEqual(paths));

  it('tell what was tried to be read, even in vain', () => {
    expect([...deeds('openat(AT_FDCWD</w>, "/etc/machine-id", O_RDONLY) = -1 ENOENT (No such file or directory)').read]).toEqual([
      '/etc/machine-id',
    ]);
  });

  it('tell where a link led', () => {
    expect([...deeds('openat(AT_FDCWD</w>, "link", O_RDONLY) = 3</secret>').read]).toEqual(['/w/link', '/secret']);
    expect(written('openat(AT_FDCWD</w>, "link", O_WRONLY|O_TRUNC) = 3</secret>')).toEqual(['/secret', '/w/link']);
  });

  const open = 'socket(AF_INET, SOCK_STREAM|SOCK_CLOEXEC, IPPROTO_IP) = 19<socket:[15441]>';
  it('are silent of sockets of loopback', () => {
    expect(
      spoken(open, 'bind(19<socket:[15441]>, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("127.0.0.1")}, 16) = 0'),
    ).toEqual([]);
    expect(
      spoken(
        'connect(19<socket:[15441]>, {sa_family=AF_INET, sin_port=htons(80), sin_addr=inet_addr("127.0.0.1")}, 16) = -1 EINPROGRESS (Operation now in progress)',
        open,
      ),
    ).toEqual([]);
    expect(
      spoken(
        'socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [3<socket:[1]>, 4<socket:[2]>]) = 0',
        'accept4(19<socket:[15441]>, NULL, NULL, SOCK_CLOEXEC) = 21<socket:[15443]>',
      ),
    ).toEqual([]);
  });

  it.each([
    [open],
    ['socket(AF_INET6, SOCK_DGRAM|SOCK_CLOEXEC, IPPROTO_IP) = 5<socket:[9]>'],
    ['socket(AF_NETLINK, SOCK_RAW|SOCK_CLOEXEC, NETLINK_ROUTE) = 5<socket:[9]>'],
    ['bind(19<socket:[15441]>, {sa_family=AF_INET, sin_port=htons(0), sin_addr=inet_addr("0.0.0.0")}, 16) = 0'],
    ['connect(5<socket:[9]>, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("10.0.0.2")}, 16) = 0'],
    [
      'connect(5<socket:[9]>, {sa_family=AF_INET6, sin6_port=htons(443), sin6_flowinfo=htonl(0), inet_pton(AF_INET6, "2001:db8::1", &sin6_addr), sin6_scope_id=0}, 28) = 0',
    ],
    ['sendto(5<socket:[9]>, "x", 1, MSG_NOSIGNAL, {sa_family=AF_INET, sin_port=htons(53), sin_addr=inet_addr("8.8.8.8")}, 16) = 1'],
    ['connect(5<socket:[9]>, {sa_family=AF_UNIX, sun_path="/var/run/nscd/socket"}, 110) = -1 ENOENT (No such file or directory)'],
    ['io_uring_setup(64, {flags=0}) = 5<anon_inode:[io_uring]>'],
  ])('tell of %s', (line) => expect(spoken(line)).toHaveLength(1));
});
