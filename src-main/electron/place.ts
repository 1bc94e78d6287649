import { join } from 'node:path';
import type { App } from 'electron';
import { UserError } from '../../shared/errors.ts';
import { checkUnpacked } from './unpacked.ts';

/** What the engine is started from: real files, since its Node knows no asar. */
export interface Place {
  /** The Node that runs it; Electron's own could not, and shall not. */
  node: string;
  /** The engine's built entry. */
  entry: string;
  assets: string;
}

/** The packaged program's. */
function packedPlace(resources: string): Place {
  const real = join(resources, 'app.asar.unpacked');
  return {
    node: join(real, 'out', 'node', process.platform === 'win32' ? 'node.exe' : 'node'),
    entry: join(real, 'out', 'engine', 'engine.js'),
    assets: join(real, 'assets'),
  };
}

/** A checkout's. */
function openPlace(root: string): Place {
  // `npm start` says which Node it is itself; npm and npx do, too.
  const node = process.env['HAIRLINE_NODE'] ?? process.env['npm_node_execpath'];
  if (!node) throw new UserError('Start the window with `npm start`: the engine needs a Node to run it.');
  return { node, entry: join(root, 'out', 'main', 'engine.js'), assets: join(root, 'assets') };
}

/**
 * Finds the engine.
 * @param root folder above out/ in a checkout
 * @throws UserError when the packaged engine is not as it was packed, or a checkout was opened without a Node.
 */
export async function placeOf(app: App, root: string): Promise<Place> {
  if (!app.isPackaged) return openPlace(root);
  const resources = process.resourcesPath;
  await checkUnpacked(join(resources, 'app.asar'), join(resources, 'app.asar.unpacked'));
  return packedPlace(resources);
}
