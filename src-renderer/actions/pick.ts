/** Opens the system's file dialog without a button; nothing comes back when it is closed. */
export function pickFiles(options: { accept?: string; multiple?: boolean; folder?: boolean }): Promise<File[]> {
  return new Promise((done) => {
    const input = document.createElement('input');
    input.type = 'file';
    input.accept = options.accept ?? '';
    input.multiple = options.multiple ?? false;
    input.webkitdirectory = options.folder ?? false;
    input.addEventListener('change', () => done([...(input.files ?? [])]));
    input.addEventListener('cancel', () => done([]));
    input.click();
  });
}

/** What file dialogs show first; whatever is picked is judged by its content. */
export const ACCEPT = {
  model: '.onnx,.data,.bin',
  pictures: 'image/*,.npy,.gz,.bin',
  labels: '.txt,.csv,.tsv,.json,.gz,.npy',
  names: '.txt,.csv,.tsv,.json',
};
