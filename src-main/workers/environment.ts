import { delimiter, isAbsolute, join } from 'node:path';
import { NO_TELEMETRY } from '../runtime/telemetry.ts';

/**
 * What the engine process finds in its environment, by name; the rest of the host's stays behind. So no NODE_OPTIONS,
 * ELECTRON_RUN_AS_NODE, LD_PRELOAD or DYLD_INSERT_LIBRARIES puts code into it, and it is the same process under every host.
 */
const NAMES = new Set([
  // The person, the programs, the place for temporary files.
  ...['PATH', 'HOME', 'USER', 'LOGNAME', 'TMPDIR', 'TMP', 'TEMP'],
  // Language and clock.
  ...['LANG', 'LANGUAGE', 'TZ', 'TZDIR'],
  // Where Vulkan finds its drivers, and drivers keep what they compiled.
  ...[
    'XDG_RUNTIME_DIR',
    'XDG_DATA_HOME',
    'XDG_DATA_DIRS',
    'XDG_CONFIG_HOME',
    'XDG_CONFIG_DIRS',
    'XDG_CACHE_HOME',
    'DISPLAY',
    'WAYLAND_DISPLAY',
    'XAUTHORITY',
  ],
  // Where CUDA's libraries lie, unless an AppImage has put its own there; see below.
  'LD_LIBRARY_PATH',
  // Without these, Windows finds neither its own libraries nor its folders.
  ...[
    'SYSTEMROOT',
    'SYSTEMDRIVE',
    'WINDIR',
    'COMSPEC',
    'PATHEXT',
    'OS',
    'APPDATA',
    'LOCALAPPDATA',
    'PROGRAMDATA',
    'ALLUSERSPROFILE',
    'PUBLIC',
  ],
  ...['PROGRAMFILES', 'PROGRAMFILES(X86)', 'PROGRAMW6432', 'COMMONPROGRAMFILES', 'COMMONPROGRAMFILES(X86)', 'COMMONPROGRAMW6432'],
  ...[
    'USERPROFILE',
    'USERNAME',
    'USERDOMAIN',
    'HOMEDRIVE',
    'HOMEPATH',
    'COMPUTERNAME',
    'NUMBER_OF_PROCESSORS',
    'PROCESSOR_ARCHITECTURE',
    'PROCESSOR_IDENTIFIER',
  ],
]);

/** Families of names: locale; CUDA and its driver; Vulkan and Mesa; threads of OpenMP; ours. */
const FAMILIES = ['LC_', 'CUDA_', 'CUDNN_', 'CUBLAS_', 'NVIDIA_', 'VK_', 'MESA_', 'OMP_', 'HAIRLINE_'];

/**
 * The engine's environment, made of its host's.
 * @param host the host's own
 */
export function engineEnvironment(host: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const allowed = Object.entries(host).filter(([name]) => {
    // Windows writes SystemRoot, PATH or Path as it likes.
    const upper = process.platform === 'win32' ? name.toUpperCase() : name;
    return NAMES.has(upper) || FAMILIES.some((family) => upper.startsWith(family));
  });
  const env: NodeJS.ProcessEnv = Object.fromEntries(allowed);
  const libraries = ownLibraries(host);
  if (libraries) env['LD_LIBRARY_PATH'] = libraries;
  else delete env['LD_LIBRARY_PATH'];
  // Tensor cores round to 10 bits unless told not to; an audit's numbers must be those of float32.
  return { NVIDIA_TF32_OVERRIDE: '0', ...env, ...NO_TELEMETRY };
}

/**
 * The person's own folders of libraries. An AppImage puts its own before them, of which the engine's Node shall load none;
 * an empty or relative entry is whatever folder the program was started in.
 */
function ownLibraries({ LD_LIBRARY_PATH: path = '', APPIMAGE: image, APPDIR: mounted }: NodeJS.ProcessEnv): string {
  if (image && !mounted) return '';
  const inside = (folder: string): boolean => Boolean(mounted) && join(folder, '/').startsWith(join(mounted!, '/'));
  return path
    .split(delimiter)
    .filter((folder) => isAbsolute(folder) && !inside(folder))
    .join(delimiter);
}
