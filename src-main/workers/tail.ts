import { StringDecoder } from 'node:string_decoder';

/** The last lines a process wrote: what is worth telling about its death. */
export class Tail {
  private lines: string[] = [''];
  private readonly decoder = new StringDecoder('utf8');
  private readonly most: number;

  constructor(most = 20) {
    this.most = most;
  }

  add(chunk: Buffer | string): void {
    const parts = (typeof chunk === 'string' ? chunk : this.decoder.write(chunk)).split('\n');
    // The last line may be unfinished; what comes first now belongs to it.
    parts[0] = this.lines.pop()! + parts[0]!;
    this.lines = [...this.lines, ...parts].slice(-this.most - 1);
  }

  /** How the process ended, then what it wrote last. */
  after(how: string): string {
    const written = this.lines.map((line) => line.trim()).filter(Boolean);
    return [how, ...written.slice(-this.most)].join('\n');
  }
}
