// A process that runs commands of the built command line one after the other, so that not each of them pays for loading it.
import process from 'node:process';

const { run } = await import(new URL('../../out/main/cli.js', import.meta.url).href);
const said = { out: '', err: '' };
for (const [name, stream] of [
  ['out', process.stdout],
  ['err', process.stderr],
]) {
  stream.write = (chunk) => {
    said[name] = (said[name] + String(chunk)).slice(0, 100_000);
    return true;
  };
}
process.on('message', async ({ id, args }) => {
  said.out = said.err = '';
  const code = await run(args);
  process.send({ id, code, ...said });
});
process.on('disconnect', () => process.exit());
process.send({ ready: true });
