import { messageOf, UserError } from '../../../shared/errors.ts';
import { openImages } from '../../../src-main/images/index.ts';
import { readClassNames } from '../../../src-main/model/labels.ts';

/** A file, and what it is given as; labels are those of the pictures named. */
export interface Asked {
  use: 'images' | 'labels' | 'names';
  path: string;
  pictures: string;
}

export interface Answer {
  end: 'accepted' | 'refused' | 'failed';
  sentence: string;
}

/** Pictures decoded of each file. */
const DECODED = 3;

process.on('message', (asked: Asked) => {
  void open(asked).then(
    () => answer({ end: 'accepted', sentence: '' }),
    (error: unknown) => answer({ end: error instanceof UserError ? 'refused' : 'failed', sentence: messageOf(error) }),
  );
});

function answer(value: Answer): void {
  process.send!(value);
}

/** What an audit does with such a file before it begins. */
async function open({ use, path, pictures }: Asked): Promise<void> {
  if (use === 'names') return void (await readClassNames(path, null));
  const labelled = use === 'labels';
  const set = await openImages({
    paths: [labelled ? pictures : path],
    labels: labelled ? path : null,
    offset: 0,
    limit: null,
    classes: 10,
    classNames: ['a', 'b', 'c'],
  });
  for (const item of set.items.slice(0, DECODED)) {
    const { width, height, channels, data } = await item.read();
    if (data.length !== width * height * channels) throw new Error(`${data.length} values for ${width} x ${height} x ${channels}`);
  }
}
