import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { build } from 'vite';
import { afterAll, expect, it } from 'vitest';
import type { ProviderChoice } from '../../src-main/runtime/providers.ts';

/** Where a browser keeps its Vulkan driver in software: it does for a machine without a graphics card. */
const DRIVERS = ['/usr/lib/chromium/vk_swiftshader_icd.json', '/opt/google/chrome/vk_swiftshader_icd.json', '/usr/lib/chromium-browser/vk_swiftshader_icd.json'];

const folder = mkdtempSync(join(tmpdir(), 'hairline-webgpu-'));
/** Inside the repository, where onnxruntime is found. */
const bundle = resolve('node_modules/.hairline-webgpu');
afterAll(() => {
  for (const path of [folder, bundle]) rmSync(path, { recursive: true, force: true });
});

/** Graphics drivers may crash or write to the terminal: a process of its own keeps both apart from the tests. */
async function child(): Promise<{ code: number | null; output: string }> {
  const entry = resolve('tests/runtime/webgpu.child.ts');
  await build({ configFile: false, logLevel: 'error', build: { ssr: entry, outDir: bundle, emptyOutDir: true, rollupOptions: { output: { entryFileNames: 'child.mjs' } } } });
  const driver = DRIVERS.find((file) => existsSync(file));
  const env = { ...process.env, XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? folder, ...(driver && !process.env['VK_ICD_FILENAMES'] ? { VK_ICD_FILENAMES: driver } : {}) };
  return new Promise((done, fail) => {
    const running = spawn(process.execPath, [join(bundle, 'child.mjs')], { env, stdio: ['ignore', 'pipe', 'ignore'], timeout: 45_000 });
    let output = '';
    running.stdout.on('data', (data: Buffer) => (output += data.toString()));
    running.on('error', fail);
    running.on('close', (code) => done({ code, output }));
  });
}

it('WebGPU computes the gradients that the CPU computes (skipped where there is no adapter)', async (context) => {
  const { code, output } = await child();
  const line = output.split('\n').find((l) => l.startsWith('{'));
  expect(line, `the process ended with ${code}`).toBeDefined();
  const { choice, errors } = JSON.parse(line!) as { choice: ProviderChoice; errors: Record<string, number> };
  expect(choice.why).toMatch(/^[A-Z][^\n]+\.$/);
  // Any other reason is a fault of ours.
  if (/adapter|is not available on this system/.test(choice.why)) context.skip(choice.why);
  expect(choice.used, choice.why).toBe('webgpu');
  expect(Object.keys(errors)).toHaveLength(6);
  for (const [name, error] of Object.entries(errors)) expect(error, name).toBeLessThan(1e-3);
});
