import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { build } from 'vite';
import { afterAll, expect, it } from 'vitest';
import { fallbackNote } from '../../src-main/runtime/placement.ts';
import { ALL } from '../part.ts';
import type { ProviderChoice } from '../../src-main/runtime/providers.ts';

/** Where a browser keeps its Vulkan driver in software: it does for a machine without a graphics card. */
const DRIVERS = [
  '/usr/lib/chromium/vk_swiftshader_icd.json',
  '/opt/google/chrome/vk_swiftshader_icd.json',
  '/usr/lib/chromium-browser/vk_swiftshader_icd.json',
];

/** For a processor that plays the graphics card and has other things to do as well. */
const SECONDS = 280;

const folder = mkdtempSync(join(tmpdir(), 'hairline-webgpu-'));
/** Inside the repository, where onnxruntime is found. */
const bundle = resolve('node_modules/.hairline-webgpu');
afterAll(() => {
  for (const path of [folder, bundle]) rmSync(path, { recursive: true, force: true });
});

/** Graphics drivers may crash or write to the terminal: a process of its own keeps both apart from the tests. */
async function child(): Promise<{ code: number | null; output: string }> {
  const entry = resolve('tests/runtime/webgpu.child.ts');
  await build({
    configFile: false,
    logLevel: 'error',
    build: { ssr: entry, outDir: bundle, emptyOutDir: true, rollupOptions: { output: { entryFileNames: 'child.mjs' } } },
  });
  const driver = DRIVERS.find((file) => existsSync(file));
  // The browser brings Vulkan's loader along, too, where the system has none.
  const loader = [process.env['LD_LIBRARY_PATH'], driver && dirname(driver)].filter(Boolean).join(':');
  const software = driver && !process.env['VK_ICD_FILENAMES'] ? { VK_ICD_FILENAMES: driver, LD_LIBRARY_PATH: loader } : {};
  const env = { ...process.env, XDG_RUNTIME_DIR: process.env['XDG_RUNTIME_DIR'] ?? folder, ...software };
  return new Promise((done, fail) => {
    const running = spawn(process.execPath, [join(bundle, 'child.mjs')], {
      env,
      stdio: ['ignore', 'pipe', 'ignore'],
      timeout: SECONDS * 1000,
    });
    let output = '';
    running.stdout.on('data', (data: Buffer) => (output += data.toString()));
    running.on('error', fail);
    running.on('close', (code) => done({ code, output }));
  });
}

interface Result {
  logits: number;
  gradient: number;
  again: number;
  onCpu: { cpu: string[]; webgpu: string[] };
  /** Nodes of the model that pool by maximum. */
  pooling: number;
}

it(
  'WebGPU computes the gradients that the CPU computes, and says which nodes the CPU did (skipped where there is no adapter)',
  async (context) => {
    const { code, output } = await child();
    const line = output.split('\n').find((l) => l.startsWith('{'));
    expect(line, `the process ended with ${code}`).toBeDefined();
    const { choice, results } = JSON.parse(line!) as { choice: ProviderChoice; results: Record<string, Result> };
    expect(choice.why).toMatch(/^[A-Z][^\n]+\.$/);
    // Any other reason is a fault of ours.
    if (/adapter|is not available on this system/.test(choice.why)) context.skip(choice.why);
    expect(choice.used, choice.why).toBe('webgpu');
    expect(Object.keys(results)).toEqual(['rectified', 'mobile', 'signs', ...(ALL ? ['MobileNetV2 at 64 x 64'] : [])]);
    for (const [name, { logits, gradient, again, onCpu, pooling }] of Object.entries(results)) {
      expect(logits, name).toBeLessThan(1e-3);
      expect(gradient, name).toBeLessThan(1e-3);
      expect(again, name).toBeLessThan(1e-6);
      expect(onCpu.cpu, name).toEqual([]);
      for (const node of onCpu.webgpu) expect(node, name).toMatch(/^\w+ \(.+\)$/);
      // Pooling that is asked for its indices is always left to the CPU (see `leaveToCpu`).
      if (pooling === 0)
        expect(
          onCpu.webgpu.filter((n) => n.startsWith('MaxPool')),
          name,
        ).toEqual([]);
    }
    expect(results['rectified']!.onCpu.webgpu.join()).toMatch(/MaxPool \(hl\/cpu\/0\)/);
    expect(fallbackNote('WebGPU', results['rectified']!.onCpu.webgpu)).toMatch(
      /^WebGPU left \d+ nodes of the derived graph to the CPU: \w+ \(\S+\), .*\.$/,
    );
  },
  (SECONDS + 20) * 1000,
);
