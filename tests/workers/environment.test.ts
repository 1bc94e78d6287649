import { describe, expect, it } from 'vitest';
import { engineEnvironment } from '../../src-main/workers/environment.ts';

describe('the environment of the engine', () => {
  it('keeps what CUDA, Vulkan, Windows, the locale and the person need', () => {
    const kept = {
      ...{ PATH: '/usr/bin', HOME: '/home/a', TMPDIR: '/scratch', LANG: 'de_DE.UTF-8', LC_NUMERIC: 'C', TZ: 'UTC' },
      ...{
        CUDA_VISIBLE_DEVICES: '1',
        CUDA_CACHE_PATH: '/c',
        NVIDIA_VISIBLE_DEVICES: 'all',
        NVIDIA_TF32_OVERRIDE: '1',
        LD_LIBRARY_PATH: '/usr/local/cuda/lib64',
      },
      ...{ VK_ICD_FILENAMES: '/a.json', XDG_RUNTIME_DIR: '/run/user/1', HAIRLINE_DEBUG: '1' },
      ...{ SYSTEMROOT: 'C:\\Windows', TEMP: 't', TMP: 't', APPDATA: 'a', USERPROFILE: 'u', PATHEXT: '.EXE' },
    };
    expect(engineEnvironment(kept)).toEqual({ ...kept, ORT_DISABLE_TELEMETRY: '1' });
  });

  it('drops what puts code into a process, and whatever it does not know', () => {
    const dropped = {
      ...{ NODE_OPTIONS: '--require /evil.js', NODE_PATH: '/evil', NODE_V8_COVERAGE: '/c', NODE_EXTRA_CA_CERTS: '/c' },
      ...{ ELECTRON_RUN_AS_NODE: '1', ELECTRON_OVERRIDE_DIST_PATH: '/e', npm_config_prefix: '/n', npm_lifecycle_event: 'start' },
      ...{ LD_PRELOAD: '/evil.so', LD_AUDIT: '/evil.so', DYLD_INSERT_LIBRARIES: '/evil.dylib', DYLD_LIBRARY_PATH: '/evil' },
      ...{ AWS_SECRET_ACCESS_KEY: 's', SSH_AUTH_SOCK: '/s', MY_HOME: '/h', home: '/h' },
    };
    const { HOME: _, ...env } = engineEnvironment(process.platform === 'win32' ? { ...dropped, home: undefined } : dropped);
    expect(env).toEqual({ ORT_DISABLE_TELEMETRY: '1', NVIDIA_TF32_OVERRIDE: '0' });
  });

  it('cannot be told to send statistics', () => {
    expect(engineEnvironment({ ORT_DISABLE_TELEMETRY: '0' })['ORT_DISABLE_TELEMETRY']).toBe('1');
  });

  it.skipIf(process.platform === 'win32')("leaves an AppImage's libraries to the AppImage", () => {
    const libraries = (env: NodeJS.ProcessEnv): string | undefined => engineEnvironment(env)['LD_LIBRARY_PATH'];
    const APPDIR = '/tmp/.mount_HairliAb';
    const APPIMAGE = '/home/a/Hairline.AppImage';
    expect(libraries({ APPIMAGE, APPDIR, LD_LIBRARY_PATH: `${APPDIR}/usr/lib:/usr/local/cuda/lib64` })).toBe('/usr/local/cuda/lib64');
    expect(libraries({ APPIMAGE, APPDIR, LD_LIBRARY_PATH: `${APPDIR}/usr/lib:` })).toBeUndefined();
    expect(libraries({ APPDIR, LD_LIBRARY_PATH: `${APPDIR}:${APPDIR}/../.mount_HairliAb/lib:${APPDIR}c/lib` })).toBe(`${APPDIR}c/lib`);
    expect(libraries({ APPIMAGE, LD_LIBRARY_PATH: '/unclear/lib' })).toBeUndefined();
    // The folder that the program was started in is nobody's choice.
    expect(libraries({ LD_LIBRARY_PATH: ':/a/lib:lib:.' })).toBe('/a/lib');
  });
});
