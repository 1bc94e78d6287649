import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import vue from 'eslint-plugin-vue';
import accessibility from 'eslint-plugin-vuejs-accessibility';
import typescript from 'typescript-eslint';
import { circles } from './lint/circles.js';
import { goalKinds } from './lint/goalKinds.js';
import { layers } from './lint/layers.js';

const ROOM = join(import.meta.dirname, 'src-main/goals');
/** Kinds of goals, as their files say them. */
const GOALS = readdirSync(ROOM).flatMap((name) => /kind: '([\w-]+)'/.exec(readFileSync(join(ROOM, name), 'utf8'))?.[1] ?? []);

/**
 * Promises, with the types of a project.
 * @param {string[]} files
 * @param {string} project
 * @returns {import('typescript-eslint').ConfigWithExtends}
 */
function awaited(files, project) {
  return {
    files,
    // Alike for both: TypeScript starts anew where they differ.
    languageOptions: { parserOptions: { project, tsconfigRootDir: import.meta.dirname, extraFileExtensions: ['.vue'] } },
    rules: {
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  };
}

/**
 * Rules that find faults; how code looks is not their affair. Types find most of the rest (`npm run types`).
 * Promises are checked with types, because a promise nobody awaits is how an engine loses an error.
 */
export default typescript.config(
  { ignores: ['out/', 'dist/', 'node_modules/', 'audits/', '.venv/', 'src-main/simd/assembly/', 'src-main/simd/loops.wasm.ts'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  {
    files: ['**/*.{ts,js,mjs,cjs,vue}'],
    plugins: { '@typescript-eslint': typescript.plugin, hairline: { rules: { circles, goalKinds, layers } } },
    languageOptions: { parser: typescript.parser, ecmaVersion: 2024, sourceType: 'module' },
    rules: {
      'hairline/circles': 'error',
      'hairline/layers': 'error',
      '@typescript-eslint/consistent-type-imports': ['error', { fixStyle: 'separate-type-imports', disallowTypeAnnotations: false }],
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-non-null-asserted-optional-chain': 'error',
      '@typescript-eslint/no-require-imports': 'off',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_', ignoreRestSiblings: true }],
      '@typescript-eslint/prefer-ts-expect-error': 'error',
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'array-callback-return': 'error',
      'no-cond-assign': 'error',
      'no-constant-binary-expression': 'error',
      'no-constant-condition': ['error', { checkLoops: false }],
      'no-constructor-return': 'error',
      'no-debugger': 'error',
      'no-dupe-else-if': 'error',
      'no-duplicate-case': 'error',
      'no-empty': 'error',
      'no-eval': 'error',
      'no-fallthrough': 'error',
      'no-implied-eval': 'error',
      'no-loss-of-precision': 'error',
      'no-new-wrappers': 'error',
      'no-self-assign': 'error',
      'no-self-compare': 'error',
      'no-sparse-arrays': 'error',
      'no-template-curly-in-string': 'error',
      'no-throw-literal': 'error',
      'no-unreachable': 'error',
      'no-unreachable-loop': 'error',
      'no-unsafe-finally': 'error',
      'no-unsafe-negation': 'error',
      'no-unused-expressions': 'error',
      'no-useless-catch': 'error',
      'no-var': 'error',
      'prefer-const': 'error',
      radix: 'error',
      'use-isnan': 'error',
      'valid-typeof': 'error',
    },
  },
  // The window has a form of its own for the goals there are, which names them; what a plan or results hold it does not tell apart either.
  { files: ['src-renderer/**/*.{ts,vue}'], rules: { 'hairline/goalKinds': 'error' } },
  { files: ['shared/**/*.ts', 'src-main/**/*.ts'], rules: { 'hairline/goalKinds': ['error', { kinds: GOALS }] } },
  awaited(['shared/**/*.ts', 'src-main/**/*.ts'], './tsconfig.main.json'),
  awaited(['src-renderer/**/*.ts'], './tsconfig.renderer.json'),
  {
    files: ['shared/**/*.ts', 'src-main/**/*.ts'],
    ignores: ['src-main/cli/**'],
    rules: { 'no-console': ['error', { allow: ['error', 'warn'] }] },
  },
  ...vue.configs['flat/essential'].map((config) => ({ ...config, files: ['**/*.vue'] })),
  ...accessibility.configs['flat/recommended'].map((config) => ({ ...config, files: ['**/*.vue'] })),
  {
    files: ['**/*.vue'],
    languageOptions: { parserOptions: { parser: typescript.parser } },
    rules: {
      'vue/no-v-html': 'error',
      'vue/require-explicit-emits': 'error',
      'vue/no-unused-refs': 'error',
      'vue/no-undef-components': 'error',
      'vue/block-lang': ['error', { script: { lang: 'ts' } }],
      // Our own buttons and fields are single words; HTML has no such elements.
      'vue/multi-word-component-names': 'off',
      // A label that wraps its control, or one that points at it: either names it for a screen reader.
      'vuejs-accessibility/label-has-for': ['error', { required: { some: ['nesting', 'id'] } }],
    },
  },
);
