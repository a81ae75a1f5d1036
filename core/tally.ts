/** A counter of two labels for the request path: a cell each, told to the registry when it is scraped. */

interface Cell {
  value: number;
}

export class Tally {
  private readonly cells = new Map<string, Map<string, Cell>>();

  /** Counts one; the labels are of our own making, so that they stay few. */
  inc(first: string, second: string): void {
    const cell = this.cells.get(first)?.get(second);
    if (cell === undefined) this.open(first, second).value++;
    else cell.value++;
  }

  /** Every count, with its labels. */
  *[Symbol.iterator](): Generator<readonly [first: string, second: string, count: number]> {
    for (const [first, seconds] of this.cells)
      for (const [second, { value }] of seconds) yield [first, second, value];
  }

  private open(first: string, second: string): Cell {
    let seconds = this.cells.get(first);
    if (seconds === undefined) {
      seconds = new Map();
      this.cells.set(first, seconds);
    }
    const cell = { value: 0 };
    seconds.set(second, cell);
    return cell;
  }
}
