#!/usr/bin/env node
// The command line is built from src-main/cli into out/main; this file only finds it.
import { existsSync } from 'node:fs';
import process from 'node:process';

// Before the library is loaded, by this process or one that it starts: src-main/runtime/telemetry.ts says why.
process.env['ORT_DISABLE_TELEMETRY'] = '1';

// Ctrl+C, and a service manager's end, while the program is being loaded; from then on it answers itself.
const endings = /** @type {const} */ ([
  ['SIGINT', 'Cancelled.'],
  ['SIGTERM', 'Interrupted.'],
]).map(([signal, sentence]) => {
  const end = () => {
    console.error(sentence);
    process.exit(130);
  };
  process.on(signal, end);
  return () => process.off(signal, end);
});

const built = new URL('../out/main/cli.js', import.meta.url);
if (existsSync(built)) {
  const { main } = await import(built.href);
  for (const forget of endings) forget();
  await main();
} else {
  console.error('Hairline is not built yet: run `npm run build` once in its folder.');
  process.exitCode = 2;
}
