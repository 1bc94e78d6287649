import { describe, expect, it } from 'vitest';
import { PROVIDERS } from '../../shared/plan.ts';
import { chooseProvider, offeredProviders, probeProvider } from '../../src-main/runtime/providers.ts';

describe('what a platform offers', () => {
  it('is always the CPU, first', () => {
    for (const platform of ['linux-x64', 'linux-arm64', 'win32-x64', 'win32-arm64', 'darwin-arm64', 'darwin-x64', 'freebsd-x64'])
      expect(offeredProviders(platform)[0]).toBe('cpu');
  });

  it.each([
    ['linux-x64', ['cpu', 'cuda', 'webgpu']],
    ['win32-x64', ['cpu', 'dml', 'webgpu']],
    ['darwin-arm64', ['cpu', 'coreml', 'webgpu']],
    ['plan9-mips', ['cpu']],
  ])('%s: %j', (platform, providers) => expect(offeredProviders(platform)).toEqual(providers));
});

describe('choosing a provider', () => {
  const works = () => Promise.resolve(null);

  it('asks nobody for the CPU', async () => {
    const choice = await chooseProvider('cpu', () => Promise.reject(new Error('asked')));
    expect(choice).toEqual({ asked: 'cpu', used: 'cpu', why: 'The CPU was asked for.' });
  });

  it('takes what was asked for when it works', async () => {
    expect(await chooseProvider('cuda', works, ['cpu', 'cuda'])).toEqual({
      asked: 'cuda',
      used: 'cuda',
      why: 'CUDA was asked for, and computed a test graph as the CPU does.',
    });
  });

  it('never tries what the platform does not have', async () => {
    const choice = await chooseProvider('dml', works, ['cpu', 'cuda', 'webgpu']);
    expect(choice).toMatchObject({ asked: 'dml', used: 'cpu' });
    expect(choice.why).toBe(`DirectML is not available on this system (${process.platform} ${process.arch}); the CPU was used instead.`);
  });

  it.each<[string, () => Promise<string | null>, string]>([
    ['says no', () => Promise.resolve('it computes other numbers than the CPU'), 'it computes other numbers than the CPU'],
    ['says no with a full stop', () => Promise.resolve('No adapter.'), 'No adapter'],
    ['throws', () => Promise.reject(new Error('driver crashed\n  at somewhere')), 'driver crashed'],
  ])('takes the CPU openly when the trial %s', async (_, probe, reason) => {
    expect(await chooseProvider('webgpu', probe, ['cpu', 'webgpu'])).toEqual({
      asked: 'webgpu',
      used: 'cpu',
      why: `WebGPU cannot be used here (${reason}); the CPU was used instead.`,
    });
  });

  it('says how to get the libraries of CUDA', async () => {
    const { why } = await chooseProvider('cuda', () => Promise.resolve('no library'), ['cpu', 'cuda']);
    expect(why).toBe('CUDA cannot be used here (no library); `npm run setup:cuda` fetches its libraries; the CPU was used instead.');
  });

  it.each(PROVIDERS)('%s on this machine ends with a provider that runs, and one sentence', async (asked) => {
    // WebGPU's driver may write to the terminal and take a while: that has its own test, in a process of its own.
    if (asked === 'webgpu') return;
    const choice = await chooseProvider(asked);
    expect([asked, 'cpu']).toContain(choice.used);
    expect(choice.why).toMatch(/^[A-Z][^\n]+\.$/);
    if (choice.used !== 'cpu') expect(await probeProvider(choice.used)).toBeNull();
  });
});
