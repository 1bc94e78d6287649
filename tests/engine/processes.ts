/** Whether a process is there; one that is dead but not yet asked after counts as there. */
export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
