import { mkdirSync, mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { ROOT, launch } from '../cli/hairline.ts';
import type { Running } from '../cli/hairline.ts';
import { deedsOf } from './deeds.ts';
import type { Deeds } from './deeds.ts';
import { readTrace, traced } from './strace.ts';

/**
 * Where one of these is set, onnxruntime takes the machine for a build server and sends nothing: there the checks would find
 * nothing whether telemetry is switched off or not.
 */
const BUILD_SERVERS = [
  'CI',
  'TF_BUILD',
  'GITHUB_ACTIONS',
  'GITLAB_CI',
  'CIRCLECI',
  'TRAVIS',
  'JENKINS_URL',
  'CODEBUILD_BUILD_ID',
  'BUILDKITE',
  'TEAMCITY_VERSION',
  'APPVEYOR',
  'BITBUCKET_BUILD_NUMBER',
];

/** A home, a cache and a temporary folder that nobody has used before, so that whatever appears in them is this run's. */
export class Run {
  readonly folder: string;
  private readonly log: string;

  constructor(below: string) {
    this.folder = mkdtempSync(join(below, 'run-'));
    for (const name of ['home', 'cache', 'config', 'state', 'data', 'tmp', 'log']) mkdirSync(join(this.folder, name));
    this.log = join(this.folder, 'log/st');
  }

  at(...names: string[]): string {
    return join(this.folder, ...names);
  }

  /** Starts a command under strace. @param without names of variables that are taken away */
  start(command: readonly string[], without: readonly string[] = []): Running {
    const fresh = {
      HOME: this.at('home'),
      XDG_CACHE_HOME: this.at('cache'),
      XDG_CONFIG_HOME: this.at('config'),
      XDG_STATE_HOME: this.at('state'),
      XDG_DATA_HOME: this.at('data'),
      TMPDIR: this.at('tmp'),
    };
    const env = Object.entries(fresh).map(([name, value]) => `${name}=${value}`);
    const [first, ...rest] = traced(this.log, [
      'env',
      ...['HAIRLINE_DATA', ...BUILD_SERVERS, ...without].flatMap((name) => ['-u', name]),
      ...env,
      ...command,
    ]);
    return launch(first!, rest, { limit: 120_000 });
  }

  deeds(): Deeds {
    return deedsOf(readTrace(this.log), ROOT);
  }

  /** Everything in the fresh folders but the log, and the program's own data. */
  left(): string[] {
    return ['home', 'cache', 'config', 'state', 'tmp'].flatMap((name) =>
      readdirSync(this.at(name), { recursive: true, encoding: 'utf8' }).map((file) => join(name, file)),
    );
  }
}

export const TMP = tmpdir();

/** By these names the machine is known, and with it the person. */
const MACHINE = /^\/(etc\/machine-id|var\/lib\/dbus\/machine-id|etc\/hostid|sys\/class\/dmi\/|sys\/devices\/virtual\/dmi\/)/;
/** Where a program writes that leaves nothing: to nobody, to its terminal, to its own threads. */
const NOWHERE = /^\/dev\/(null|tty|pts\/\d+)$|^\/proc\/(self|\d+)\/(task\/\d+\/)?(comm|oom_score_adj|fd(\/.*)?)$/;

/** Names inside an audit's folder, as Hairline gives them; `.part` while a file is being written. */
export const AUDIT = new RegExp(
  `^(${[
    '',
    String.raw`(audit\.hairline|plan\.json|results\.json|results\.schema\.json|results\.csv|report\.pdf)(\.part)?`,
    String.raw`journal\.jsonl`,
    String.raw`hairline-lock\.(wants|holds)\.[\w.]+`,
    String.raw`(clean|clean-output|(adversarial|adversarial-output|noise-output)(/\d+-\w+-[\w-]+)?)(/[\w.-]+\.png(\.part)?)?`,
  ].join('|')})$`,
);
/** What an installation keeps of itself, and what is in a run's temporary folder. */
export const INSTALLATION = /^(|installation\.key(\.\w+)*)$/;
export const TEMPORARY = /^hairline-[\w-]+(\/.*)?$/;

/**
 * What a run did that a program must not do that keeps everything on the machine and in its folders.
 * @param rooms folders it may write in, with the names that are known there
 */
export function violations(deeds: Deeds, rooms: readonly (readonly [folder: string, names: RegExp])[]): string[] {
  const faults = [...deeds.spoken].map((words) => `spoke: ${words}`);
  for (const path of deeds.read) if (MACHINE.test(path)) faults.push(`read: ${path}`);
  for (const path of deeds.written) {
    const known = rooms.some(([folder, names]) => (path === folder || path.startsWith(`${folder}/`)) && names.test(relative(folder, path)));
    if (!known && !NOWHERE.test(path)) faults.push(`wrote: ${path}`);
  }
  return faults;
}
