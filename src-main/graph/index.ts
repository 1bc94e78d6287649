export * from './ir.ts';
export * from './attributes.ts';
export * from './tensors.ts';
export * from './load.ts';
export * from './save.ts';
export * from './builder.ts';
export * from './inspect.ts';
export * from './prune.ts';
