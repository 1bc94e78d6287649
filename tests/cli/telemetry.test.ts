import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, it } from 'vitest';
import { launch, MODEL, ROOT } from './hairline.ts';

const CLI = pathToFileURL(join(ROOT, 'out/main/cli.js')).href;
const ENGINE = join(ROOT, 'out/main/engine.js');

it('the built command line does not load onnxruntime where nobody switched its collector off', async () => {
  const code = `delete process.env.ORT_DISABLE_TELEMETRY; process.argv = ['node', 'hairline', 'inspect', ${JSON.stringify(MODEL)}]; await (await import(${JSON.stringify(CLI)})).main();`;
  const { code: exit, err } = await launch(process.execPath, ['--input-type=module', '-e', code]).ended;
  expect(exit).not.toBe(0);
  expect(err).toContain('without ORT_DISABLE_TELEMETRY=1');
});

it('nor does an engine that was started by hand', async () => {
  const { code, err } = await launch(process.execPath, [
    '-e',
    `delete process.env.ORT_DISABLE_TELEMETRY; import(${JSON.stringify(pathToFileURL(ENGINE).href)})`,
  ]).ended;
  expect(code).not.toBe(0);
  expect(err).toContain('without ORT_DISABLE_TELEMETRY=1');
});
