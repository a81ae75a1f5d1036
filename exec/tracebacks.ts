/** Gathers a Python traceback or a Node stack, which come line by line, into one event; every other line passes in its turn. */
import { type AppEvent, levelOf, readLine, type StreamName } from './app-line.ts';
import type { Line } from './lines.ts';

/** Bounds of one event: more lines, or more characters, are dropped from it. */
const MAX_LINES = 400;
const MAX_CHARS = 64 * 1024;
/** Milliseconds after its last line when an event that could go on is taken as whole. */
const PATIENCE = 200;

/** Lines after an error's own that may still belong to its message, before the first frame comes. */
const MAX_MESSAGE = 8;

const PYTHON_START = /^\s*(?:\+ Exception Group )?Traceback \(most recent call last\):/;
const PYTHON_CHAIN = /^(?:During handling of the above exception|The above exception was the direct cause)/;
/** A class's name, with or without a message; a level in capitals is none. */
const PYTHON_ERROR = /^((?:[A-Za-z_]\w*\.)*(?![A-Z]+:\s)[A-Z]\w*)(?::\s?(.*))?$/;
const GROUP_ERROR = /^\s+\| ((?:[A-Za-z_]\w*\.)*[A-Z]\w*)(?:: (.*))?$/;
/** What database drivers add to a message. */
const PYTHON_MORE = /^(?:\s+\S|\[(?:SQL|parameters|cached|generated)\b|\(Background on this error)/;
const STACK_ERROR =
  /(?:^|[\s\](])((?:[A-Za-z_$][\w$]*\.)*[A-Z][\w$]*(?:Error|Exception)|Error)(?: \[[\w.]+\])?(?:: (.*))?$/;
const FRAME = /^\s+at \S/;
const CONTINUED = /^(?:\s|[|}+\]]|Caused by: )/;

/** `frames`, `raised`, `chained`: a Python traceback. `suspect`, `stack`: an error whose frames may follow, or do. */
type State = 'none' | 'frames' | 'raised' | 'chained' | 'suspect' | 'stack';

export class Tracebacks {
  private readonly stream: StreamName;
  private readonly emit: (event: AppEvent, cut: boolean) => void;
  private state: State = 'none';
  private lines: Line[] = [];
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
    else if (this.raises(line.text, STACK_ERROR)) this.begin('suspect', line);
    else this.pass(line);
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
      for (const line of lines) this.pass(line);
      return;
    }
    const stack = lines.map(({ text }) => text).join('\n');
    const exception = { type: this.type || 'Error', message: this.text, stack: stack.trimEnd() };
    const message = this.text === '' ? exception.type : `${exception.type}: ${this.text}`;
    this.emit({ level: 'error', message, facts: { stream: this.stream, exception } }, cut);
  }

  private pass(line: Line): void {
    if (line.text !== '') this.emit(readLine(line.text, this.stream), line.cut);
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
        if (FRAME.test(text)) this.state = 'stack';
        return this.state === 'stack' || this.mayBeMessage(text);
      case 'stack':
        return CONTINUED.test(text);
      case 'frames':
        if (this.type === '') this.raises(text, GROUP_ERROR);
        if (CONTINUED.test(text)) return true;
        if (!this.raises(text, PYTHON_ERROR)) return this.type !== '' && this.chains(text);
        this.state = 'raised';
        return true;
      case 'raised':
        return PYTHON_MORE.test(text) || this.chains(text);
      default:
        return this.chains(text);
    }
  }

  /** The second line of a message of several; a line that speaks for itself is none. */
  private mayBeMessage(text: string): boolean {
    return (
      this.lines.length < MAX_MESSAGE &&
      text.charCodeAt(0) !== 123 &&
      !PYTHON_START.test(text) &&
      !STACK_ERROR.test(text) &&
      levelOf(text) === undefined
    );
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
    this.lines.push(line);
    this.chars += line.text.length;
  }
}
