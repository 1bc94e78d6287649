import { describe, expect, it } from 'vitest';
import { loadLibrary } from '../../src-main/runtime/library.ts';
import { NO_TELEMETRY } from '../../src-main/runtime/telemetry.ts';

describe('onnxruntime is loaded only where its collector is off', () => {
  it.each([{}, { ORT_DISABLE_TELEMETRY: '0' }, { ORT_DISABLE_TELEMETRY: '' }])('not with %o', (env) => {
    expect(() => loadLibrary(env)).toThrow('without ORT_DISABLE_TELEMETRY=1');
  });

  it('with the variable', () => expect(loadLibrary({ ...NO_TELEMETRY }).InferenceSession.create).toBeTypeOf('function'));
});
