import { spawn } from 'node:child_process';

/** Runs a program to its end; after `limit` milliseconds it is killed. Never throws. */
export function run(
  /** @type {string} */ command,
  /** @type {string[]} */ args,
  /** @type {{ env?: NodeJS.ProcessEnv, cwd?: string, limit: number, quiet?: boolean, shell?: boolean }} */ options,
) {
  return new Promise((/** @type {(end: { code: number | null, timedOut: boolean }) => void} */ done) => {
    const child = spawn(command, args, {
      cwd: options.cwd,
      shell: options.shell,
      stdio: options.quiet ? 'ignore' : 'inherit',
      env: { ...process.env, ...options.env },
    });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      child.kill('SIGKILL');
    }, options.limit);
    const end = (/** @type {number | null} */ code) => {
      clearTimeout(timer);
      done({ code, timedOut });
    };
    child.on('error', () => end(null));
    child.on('exit', end);
  });
}

/**
 * Whether a server answers at all, within `limit` milliseconds. A firewall that swallows packets would
 * otherwise hold a download for minutes. Behind a proxy Node cannot ask by itself, so there the answer is yes.
 */
export async function reachable(/** @type {string} */ url, /** @type {number} */ limit, env = process.env) {
  if (Object.entries(env).some(([name, value]) => /^(global_agent_)?https?_proxy$/i.test(name) && value)) return true;
  try {
    await fetch(url, { method: 'HEAD', signal: AbortSignal.timeout(limit) });
    return true;
  } catch {
    return false;
  }
}
