import { defineStore } from 'pinia';
import { reactive } from 'vue';
import { theHost } from '../host/index.ts';
import { useApp } from './app.ts';
import { useResults } from './results.ts';

export const FORMATS = ['pdf', 'csv', 'json'] as const;
export type Format = (typeof FORMATS)[number];

/** Documents of the audit on show. */
export const useExports = defineStore('exports', () => {
  const busy = reactive<Partial<Record<Format, boolean>>>({});
  /** Where a document was written, per audit and format. */
  const written = reactive<Record<string, string>>({});

  async function save(format: Format): Promise<void> {
    const audit = useResults().audit;
    if (audit === null || busy[format]) return;
    busy[format] = true;
    try {
      const { file, url } = await theHost().call('export', { audit, format });
      await theHost().save(file, url);
      written[`${audit} ${format}`] = file;
    } catch (error) {
      useApp().fail(error);
    } finally {
      busy[format] = false;
    }
  }

  return { busy, written, save };
});
