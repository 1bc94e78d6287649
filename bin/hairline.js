#!/usr/bin/env node
// The command line is built from src-main/cli into out/main; this file only finds it.
import { existsSync } from 'node:fs';
import process from 'node:process';

// Before the library is loaded, by this process or one that it starts: src-main/runtime/telemetry.ts says why.
process.env['ORT_DISABLE_TELEMETRY'] = '1';

const built = new URL('../out/main/cli.js', import.meta.url);
if (existsSync(built)) {
  const { main } = await import(built.href);
  await main();
} else {
  console.error('Hairline is not built yet: run `npm run build` once in its folder.');
  process.exitCode = 2;
}
