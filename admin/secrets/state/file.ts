/** Keeps what was seen in one file that is whole at every moment, whenever the process ends. */
import { mkdir, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Clock } from '../../../core/clock.ts';
import { type Kept, merge, type Row, type SecretState, type Sighting } from './state.ts';

interface Content {
  readonly version: 1;
  readonly pepper: string | undefined;
  readonly environments: Readonly<Record<string, readonly Row[]>>;
}

const EMPTY: Content = { version: 1, pepper: undefined, environments: {} };
/** Milliseconds after which a part-written file is nobody's any more. */
const ABANDONED = 60_000;

export interface FileStateOptions {
  readonly path: string;
  readonly clock: Pick<Clock, 'now'>;
  /** Told when the file was not readable as one of ours, and was set aside. */
  readonly onBroken?: (aside: string) => void;
}

/** Replicas may share the file of one machine: each write begins with what is there. */
export class FileState implements SecretState {
  readonly kind = 'file';
  readonly ready = true;
  private readonly options: FileStateOptions;
  private turn: Promise<unknown> = Promise.resolve();
  private writes = 0;
  private tidied = false;

  constructor(options: FileStateOptions) {
    this.options = options;
  }

  pepper(candidate: string): Promise<string> {
    return this.inTurn(async () => {
      const content = await this.load();
      if (content.pepper !== undefined) return content.pepper;
      await this.save({ ...content, pepper: candidate });
      return candidate;
    });
  }

  read(environment: string): Promise<Kept> {
    return this.inTurn(async () => {
      const { environments } = await this.load();
      return { now: this.options.clock.now(), rows: environments[environment] ?? [] };
    });
  }

  write(environment: string, sightings: readonly Sighting[]): Promise<ReadonlySet<string>> {
    return this.inTurn(async () => {
      const content = await this.load();
      const before = content.environments[environment] ?? [];
      const { rows, added } = merge(before, sightings, this.options.clock.now());
      await this.save({ ...content, environments: { ...content.environments, [environment]: rows } });
      return added;
    });
  }

  private inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.turn.then(work);
    this.turn = done.catch(() => {});
    return done;
  }

  private async load(): Promise<Content> {
    if (!this.tidied) await this.tidy();
    let text: string;
    try {
      text = await readFile(this.options.path, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return EMPTY;
      throw error;
    }
    const content = parse(text);
    if (content !== undefined) return content;
    const aside = `${this.options.path}.broken`;
    await rename(this.options.path, aside);
    this.options.onBroken?.(aside);
    return EMPTY;
  }

  /** A new file takes the old one's place in one step, once its bytes are on the disk. */
  private async save(content: Content): Promise<void> {
    const temporary = `${this.options.path}.${process.pid}-${++this.writes}.tmp`;
    try {
      const file = await open(temporary, 'wx', 0o600);
      try {
        await file.writeFile(`${JSON.stringify(content)}\n`);
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, this.options.path);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    await syncFolder(path.dirname(this.options.path));
  }

  /** Removes what an ended process left half written. */
  private async tidy(): Promise<void> {
    const folder = path.dirname(this.options.path);
    await mkdir(folder, { recursive: true, mode: 0o700 });
    const ours = `${path.basename(this.options.path)}.`;
    for (const name of await readdir(folder)) {
      if (!name.startsWith(ours) || !/\.\d+-\d+\.tmp$/.test(name)) continue;
      const left = path.join(folder, name);
      const age = Date.now() - (await stat(left).catch(() => ({ mtimeMs: Date.now() }))).mtimeMs;
      if (age > ABANDONED) await rm(left, { force: true });
    }
    this.tidied = true;
  }
}

function parse(text: string): Content | undefined {
  try {
    const content = JSON.parse(text) as Content;
    return content.version === 1 && typeof content.environments === 'object' ? content : undefined;
  } catch {
    return undefined;
  }
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
