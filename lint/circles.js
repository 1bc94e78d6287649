import { everyImport, importedFile, importsOf, rootOf, shownPath } from './imports.js';

/**
 * Which files import which, and which of them lie on a circle together: the strongly connected components, found by
 * Tarjan's algorithm. Files are read when something leads to them, and once; what a linted file itself says takes the place of what
 * was read of it, since an editor lints text that is not on the disk yet.
 */
class Imports {
  /** @type {Map<string, string[]>} */
  #of = new Map();
  /** The component of each file that was looked at; files of one component reach each other. @type {Map<string, Set<string>>} */
  #component = new Map();

  /** @param {string} file @param {string[]} imports */
  update(file, imports) {
    const before = this.#importsOf(file);
    if (before.length === imports.length && before.every((one) => imports.includes(one))) return;
    this.#of.set(file, imports);
    this.#component.clear();
  }

  /** The shortest way back from a file that `from` imports to `from`, both included; null where none leads there. @param {string} from @param {string} to */
  wayBack(from, to) {
    if (from === to) return [from];
    this.#look(from);
    const circle = this.#component.get(from);
    if (!circle?.has(to)) return null;
    const cameFrom = new Map([[to, to]]);
    for (const file of cameFrom.keys()) {
      if (file === from) break;
      for (const next of this.#importsOf(file)) if (circle.has(next) && !cameFrom.has(next)) cameFrom.set(next, file);
    }
    const way = [from];
    while (way[0] !== to) way.unshift(/** @type {string} */ (cameFrom.get(/** @type {string} */ (way[0]))));
    return way;
  }

  #importsOf(/** @type {string} */ file) {
    let imports = this.#of.get(file);
    if (!imports) this.#of.set(file, (imports = importsOf(file)));
    return imports;
  }

  /** Finds the components of a file and of all that it leads to. */
  #look(/** @type {string} */ start) {
    /** @type {Map<string, number>} */
    const low = new Map();
    /** @type {string[]} */
    const stack = [];
    const visit = (/** @type {string} */ file) => {
      const index = low.size;
      low.set(file, index);
      const place = stack.push(file) - 1;
      let least = index;
      for (const next of this.#importsOf(file)) {
        if (this.#component.has(next)) continue;
        least = Math.min(least, low.get(next) ?? visit(next));
      }
      low.set(file, least);
      if (least === index) {
        const component = new Set(stack.splice(place));
        for (const one of component) this.#component.set(one, component);
      }
      return least;
    };
    if (!this.#component.has(start)) visit(start);
  }
}

const imports = new Imports();

/**
 * Files that import each other, by however many steps: neither can be understood, tested or moved without the other. Types count.
 * @type {import('eslint').Rule.RuleModule}
 */
export const circles = {
  meta: {
    type: 'problem',
    docs: { description: 'no file imports itself by way of others' },
    schema: [],
    messages: { circle: 'An import circle: {{way}}. Move what both ends need into a file of its own.' },
  },
  create(context) {
    const file = context.filename;
    /** @type {any[]} */
    const sources = [];
    return {
      ...everyImport((source) => {
        if (source.value.startsWith('.')) sources.push(source);
      }),
      'Program:exit'() {
        const targets = sources.map((source) => importedFile(file, source.value));
        imports.update(file, targets);
        for (const [i, node] of sources.entries()) {
          const way = imports.wayBack(file, /** @type {string} */ (targets[i]));
          const shown = way && [file, ...way].map((one) => shownPath(rootOf(file), one)).join(' → ');
          if (shown) context.report({ node, messageId: 'circle', data: { way: shown } });
        }
      },
    };
  },
};
