/** Gathers a Python traceback or a Node stack, which come line by line, into one event; every other line passes in its turn. */
import { type AppEvent, readLine, type StreamName } from './app-line.ts';
import type { Line } from './lines.ts';

/** Bounds of one event: more lines, or more characters, are dropped from it. */
const MAX_LINES = 400;
const MAX_CHARS = 64 * 1024;
/** Milliseconds after its last line when an event that could go on is taken as whole. */
const PATIENCE = 200;

const PYTHON_START = /^\s*(?:\+ Exception Group )?Traceback \(most recent call last\):/;
const PYTHON_CHAIN = /^(?:During handling of the above exception|The above exception was the direct cause)/;
const PYTHON_ERROR = /^([A-Za-z_][\w.]*)(?::\s?(.*))?$/;
const NODE_ERROR = /^(?:Uncaught )?([A-Za-z_$][\w$.]*(?:Error|Exception))(?: \[[\w.]+\])?(?::\s?(.*))?$/;
const NODE_FRAME = /^\s+at \S/;
const CONTINUED = /^(?:\s|[|}+])/;

type State = 'none' | 'frames' | 'raised' | 'chained' | 'suspect' | 'stack';

export class Tracebacks {
  private readonly stream: StreamName;
  private readonly emit: (event: AppEvent, cut: boolean) => void;
  private state: State = 'none';
  private lines: string[] = [];
  private chars = 0;
  private cut = false;
  private type = '';
  private text = '';
  private timer: NodeJS.Timeout | undefined = undefined;

  constructor(stream: StreamName, emit: (event: AppEvent, cut: boolean) => void) {
    this.stream = stream;
    this.emit = emit;
  }

  take(line: Line): void {
    if (this.state !== 'none' && this.continues(line.text)) {
      this.keep(line);
      return;
    }
    this.flush();
    if (PYTHON_START.test(line.text)) this.begin('frames', line);
    else if (this.raises(line.text, NODE_ERROR)) this.begin('suspect', line);
    else if (line.text !== '') this.emit(readLine(line.text, this.stream), line.cut);
  }

  /** Lets go of what is held: at the end of the stream, or when nothing more came. */
  flush(): void {
    const { state, lines, cut } = this;
    if (state === 'none') return;
    clearTimeout(this.timer);
    this.state = 'none';
    this.lines = [];
    this.chars = 0;
    this.cut = false;
    if (state === 'suspect') {
      this.emit(readLine(lines[0] ?? '', this.stream), cut);
      return;
    }
    const exception = { type: this.type || 'Error', message: this.text, stack: lines.join('\n').trimEnd() };
    const message = this.text === '' ? exception.type : `${exception.type}: ${this.text}`;
    this.emit({ level: 'error', message, facts: { stream: this.stream, exception } }, cut);
  }

  private begin(state: State, line: Line): void {
    this.state = state;
    if (state === 'frames') {
      this.type = '';
      this.text = '';
    }
    this.keep(line);
  }

  private continues(text: string): boolean {
    switch (this.state) {
      case 'suspect':
        if (NODE_FRAME.test(text)) this.state = 'stack';
        return this.state === 'stack';
      case 'stack':
        return CONTINUED.test(text);
      case 'frames':
        if (CONTINUED.test(text)) return true;
        if (!this.raises(text, PYTHON_ERROR)) return false;
        this.state = 'raised';
        return true;
      default:
        return this.chains(text);
    }
  }

  /** After an exception: a blank line, a link to the next one, or the next traceback itself. */
  private chains(text: string): boolean {
    if (PYTHON_START.test(text)) this.state = 'frames';
    else if (PYTHON_CHAIN.test(text)) this.state = 'chained';
    else return text === '';
    return true;
  }

  private raises(text: string, pattern: RegExp): boolean {
    const match = pattern.exec(text.length > 4096 ? text.slice(0, 4096) : text);
    if (match === null) return false;
    this.type = match[1] ?? '';
    this.text = match[2] ?? '';
    return true;
  }

  private keep(line: Line): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.flush(), PATIENCE);
    this.timer.unref();
    if (line.cut) this.cut = true;
    if (this.lines.length >= MAX_LINES || this.chars + line.text.length > MAX_CHARS) {
      this.cut = true;
      return;
    }
    this.lines.push(line.text);
    this.chars += line.text.length;
  }
}
