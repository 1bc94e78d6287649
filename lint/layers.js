import { relative, sep } from 'node:path';
import { everyImport, importedFile, rootOf } from './imports.js';

/**
 * The layers, lowest first, and what each may import besides itself. Arrows only point down this list.
 * @type {Record<string, string[]>}
 */
export const LAYERS = { shared: [] };
const add = (/** @type {string} */ name, /** @type {string[]} */ ...below) => {
  LAYERS[name] = [...new Set(below.flatMap((layer) => [...(LAYERS[layer] ?? []), layer]))];
};
// The one way to open a file that somebody else named.
add('files', 'shared');
// Loops over pixels, in WebAssembly; they know nothing else.
add('simd');
add('graph', 'files');
add('autodiff', 'graph');
add('model', 'autodiff', 'simd');
add('runtime', 'model');
// Two leaves: norms is the attacks' mathematics, images brings pictures in; neither knows a network.
add('norms', 'shared', 'simd');
add('images', 'files');
// What an attack is to reach.
add('goals', 'runtime', 'norms', 'images');
add('attacks', 'goals');
// What can be said exactly of linear models, and their training.
add('linear', 'attacks');
// Which pixels matter: vulnerability maps.
add('sensitivity', 'attacks');
// "Can I trust this?": what is looked for where an attack may be broken.
add('checks', 'attacks');
add('audit', 'sensitivity', 'checks');
// What a hand in the window asks, and what a plan costs.
add('explore', 'audit');
add('estimate', 'audit');
add('report', 'audit');
// Whoever does all of that: threads, processes, and the table of who does what.
add('workers', 'explore', 'estimate', 'report');
add('engine', 'workers');
add('electron', 'engine');
add('web', 'engine');
// `hairline serve` starts the browser host.
add('cli', 'engine', 'web', 'linear');
add('renderer', 'shared');

/**
 * Packages that only some layers may import: native code in one place each, and no Electron outside its host.
 * @type {Record<string, string[]>}
 */
export const OWNERS = {
  'onnxruntime-node': ['runtime'],
  'onnxruntime-common': ['runtime'],
  sharp: ['images'],
  electron: ['electron'],
  vue: ['renderer'],
  pinia: ['renderer'],
  'reka-ui': ['renderer'],
};

/**
 * The only packages these layers may import; a trailing * stands for anything. The window also runs
 * in a plain browser, and shared/ runs on both sides, so neither may name Node.
 * @type {Record<string, string[]>}
 */
export const ONLY = {
  shared: ['zod'],
  renderer: ['vue', 'pinia', 'reka-ui', 'echarts', 'zod', 'tailwindcss', '@fontsource/*'],
};

/** The layer of a file, from its path relative to the repository; null outside the layers (tests, scripts). */
export function layerOf(/** @type {string} */ path) {
  const [top, next] = path.split(sep).join('/').split('/');
  if (top === 'shared') return 'shared';
  if (top === 'src-renderer') return 'renderer';
  return top === 'src-main' && next ? next : null;
}

/** Why a file of layer `from` may not import `specifier`; null when it may. */
export function fault(/** @type {string} */ from, /** @type {string} */ specifier, /** @type {string} */ file, /** @type {string} */ root) {
  const allowed = LAYERS[from];
  if (!allowed) return `src-main/${from} has no place among the layers; give it one in lint/layers.js.`;
  if (specifier.startsWith('.')) {
    const target = relative(root, importedFile(file, specifier));
    const to = layerOf(target);
    if (to === from || (to && allowed.includes(to))) return null;
    if (to) return `${from} may not import ${to}: arrows go one way (${from} may import ${allowed.join(', ') || 'nothing'}).`;
    // A JSON file such as package.json carries data, no arrow.
    return target.endsWith('.json') && !target.startsWith('..') ? null : `${from} may not import ${target}, which is outside the layers.`;
  }
  const name = specifier.startsWith('node:')
    ? specifier
    : specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
  const owners = OWNERS[name];
  if (owners && !owners.includes(from)) return `Only ${owners.join(', ')} may import ${name}, not ${from}.`;
  const only = ONLY[from];
  if (only && !only.some((entry) => (entry.endsWith('*') ? name.startsWith(entry.slice(0, -1)) : entry === name))) {
    return `${from} may only import the packages ${only.join(', ')}, not ${name}.`;
  }
  return null;
}

/** @type {import('eslint').Rule.RuleModule} */
export const layers = {
  meta: { type: 'problem', docs: { description: 'imports follow the layers of the design' }, schema: [], messages: { fault: '{{fault}}' } },
  create(context) {
    const file = context.filename;
    const root = rootOf(file);
    const from = layerOf(relative(root, file));
    if (!from) return {};
    return everyImport((node) => {
      const message = fault(from, node.value, file, root);
      if (message) context.report({ node, messageId: 'fault', data: { fault: message } });
    });
  },
};
