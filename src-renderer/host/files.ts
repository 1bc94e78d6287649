/** Where a file lay inside the folder that was dropped; browsers only say so while the drop lasts. */
const places = new WeakMap<File, string>();

/** Path of a file relative to what was dropped or picked, with `/`. */
export function placeOf(file: File): string {
  return places.get(file) ?? (file.webkitRelativePath || file.name);
}

/** The files of a drop, and what of it the browser could not give: a link that leads nowhere, a folder of another user. */
export interface Dropped {
  files: File[];
  unreadable: string[];
}

/**
 * The files of a drop. With `walk`, folders are replaced by everything in them; without, a folder
 * stays one entry (Electron knows its path).
 */
export async function droppedFiles(data: DataTransfer, walk: boolean): Promise<Dropped> {
  if (!walk) return { files: [...data.files], unreadable: [] };
  // Entries must be taken before the first await: the list is emptied when the event is over.
  const entries = [...data.items].map((item) => item.webkitGetAsEntry());
  const plain = [...data.files];
  if (entries.every((entry) => entry === null)) return { files: plain, unreadable: [] };
  const found: Dropped = { files: [], unreadable: [] };
  for (const entry of entries) if (entry) await collect(entry, found);
  return found;
}

/** Whatever is refused is one entry; the others are taken. */
async function collect(entry: FileSystemEntry, found: Dropped): Promise<void> {
  await enter(entry, found).catch(() => found.unreadable.push(entry.fullPath.replace(/^\//, '')));
}

async function enter(entry: FileSystemEntry, found: Dropped): Promise<void> {
  if (entry.isFile) {
    const file = await new Promise<File>((done, fail) => (entry as FileSystemFileEntry).file(done, fail));
    places.set(file, entry.fullPath.replace(/^\//, ''));
    // What systems leave lying about is never a picture.
    if (!file.name.startsWith('.') && file.name !== 'Thumbs.db') found.files.push(file);
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (;;) {
    // A reader gives at most a hundred entries at a time, and an empty list at the end.
    const some = await new Promise<FileSystemEntry[]>((done, fail) => reader.readEntries(done, fail));
    if (some.length === 0) return;
    for (const child of some) await collect(child, found);
  }
}
