/**
 * Prints `N passed, N failed, N skipped` from vitest's own JSON report; exit code 1 unless some passed and none failed.
 * A file that did not load has no test that could fail, so it counts as a failure itself.
 */
import { existsSync, readFileSync } from 'node:fs';
import process from 'node:process';

const file = process.argv[2];
if (!file || !existsSync(file)) {
  console.error('The tests left no report: they did not start, or were ended from outside.');
  console.log('0 passed, 1 failed');
  process.exitCode = 1;
} else {
  const report = JSON.parse(readFileSync(file, 'utf8'));
  /** @type {{ status: string, assertionResults: { status: string }[] }[]} */
  const files = report.testResults;
  const states = files.flatMap((one) => one.assertionResults.map((test) => test.status));
  const count = (/** @type {string[]} */ ...names) => states.filter((state) => names.includes(state)).length;
  const unloaded = files.filter((one) => one.status === 'failed' && !one.assertionResults.some((test) => test.status === 'failed')).length;
  const failed = count('failed') + unloaded;
  const skipped = states.length - count('passed', 'failed');
  console.log(`${count('passed')} passed, ${failed} failed${skipped ? `, ${skipped} skipped` : ''}`);
  process.exitCode = failed === 0 && count('passed') > 0 && report.success ? 0 : 1;
}
