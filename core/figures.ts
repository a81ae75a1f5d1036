/** Counts and times of requests in plain arrays: what every request costs is a search and a few additions. */

/** An observation remembered beside its bucket, so that a slow one leads to its log lines. */
interface Exemplar {
  readonly id: string;
  readonly value: number;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

/** OpenMetrics allows 128 characters for all labels of an exemplar, names included. */
const EXEMPLAR_LABEL = 'correlation_id';
const LONGEST_ID = 128 - EXEMPLAR_LABEL.length;

/** What a Times holds, for another process. */
export interface TimesState {
  readonly counts: readonly number[];
  readonly sum: number;
  /** Place of the bucket, and the exemplar in it; its time in milliseconds since the epoch. */
  readonly exemplars: readonly (readonly [number, Exemplar])[];
}

export class Times {
  /** Upper bounds in seconds, ascending. */
  readonly bounds: readonly number[];
  private readonly counts: Float64Array;
  private readonly ids: string[];
  private readonly values: Float64Array;
  private readonly instants: Float64Array;
  private sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    const size = bounds.length + 1;
    this.counts = new Float64Array(size);
    this.values = new Float64Array(size);
    this.instants = new Float64Array(size);
    this.ids = new Array<string>(size).fill('');
  }

  /** `now` is any clock's time in milliseconds, the same one that `lines` is told. */
  observe(seconds: number, id: string, now: number): void {
    const { bounds } = this;
    let i = 0;
    while (i < bounds.length && seconds > bounds[i]!) i++;
    this.counts[i]!++;
    this.sum += seconds;
    if (id === '' || id.length > LONGEST_ID) return;
    this.ids[i] = id;
    this.values[i] = seconds;
    this.instants[i] = now;
  }

  /** The series' lines; `epoch` turns the clock of `observe` into milliseconds since the epoch; undefined: no exemplars. */
  lines(name: string, labels: string, epoch: number | undefined): string {
    const comma = labels === '' ? '' : `,${labels}`;
    const braces = labels === '' ? '' : `{${labels}}`;
    let text = '';
    let total = 0;
    for (let i = 0; i <= this.bounds.length; i++) {
      total += this.counts[i]!;
      const bound = i < this.bounds.length ? String(this.bounds[i]) : '+Inf';
      const exemplar = epoch === undefined ? undefined : this.exemplar(i, epoch);
      text += `${name}_bucket{le="${bound}"${comma}} ${total}${exemplar === undefined ? '' : mark(exemplar)}\n`;
    }
    return `${text}${name}_sum${braces} ${this.sum}\n${name}_count${braces} ${total}\n`;
  }

  /** `epoch` as in `lines`. */
  state(epoch: number): TimesState {
    const exemplars: [number, Exemplar][] = [];
    for (let i = 0; i < this.ids.length; i++) {
      const exemplar = this.exemplar(i, epoch);
      if (exemplar !== undefined) exemplars.push([i, exemplar]);
    }
    return { counts: [...this.counts], sum: this.sum, exemplars };
  }

  /** Adds what another one of the same bounds counted; its `lines` then take 0 for an epoch. */
  absorb({ counts, sum, exemplars }: TimesState): void {
    for (const [i, count] of counts.entries()) this.counts[i]! += count;
    this.sum += sum;
    for (const [i, { id, value, at }] of exemplars) {
      if (this.ids[i] !== '' && this.instants[i]! > at) continue;
      this.ids[i] = id;
      this.values[i] = value;
      this.instants[i] = at;
    }
  }

  private exemplar(index: number, epoch: number): Exemplar | undefined {
    const id = this.ids[index] as string;
    if (id === '') return undefined;
    return { id, value: this.values[index]!, at: this.instants[index]! + epoch };
  }
}

const mark = ({ id, value, at }: Exemplar): string =>
  ` # {${EXEMPLAR_LABEL}="${escaped(id)}"} ${value} ${(at / 1000).toFixed(3)}`;

/** What was answered for one method and endpoint. */
class Series {
  readonly method: string;
  readonly endpoint: string;
  readonly times: Times;
  /** A handful: searched faster than hashed. */
  readonly statuses: number[] = [];
  readonly counts: number[] = [];

  constructor(method: string, endpoint: string, bounds: readonly number[]) {
    this.method = method;
    this.endpoint = endpoint;
    this.times = new Times(bounds);
  }

  count(status: number, times = 1): void {
    const at = this.statuses.indexOf(status);
    if (at >= 0) this.counts[at]! += times;
    else this.counts[this.statuses.push(status) - 1] = times;
  }
}

/** What a RequestFigures holds of one method and endpoint, for another process. */
export interface SeriesState {
  readonly method: string;
  readonly endpoint: string;
  /** Status and count, by turns. */
  readonly statuses: readonly number[];
  readonly times: TimesState;
}

/** More endpoints than this share `other`: a bound on memory and on what is scraped. */
const MAX_SERIES = 2000;

/** Requests by method, endpoint and status, with their times by method and endpoint. */
export class RequestFigures {
  private readonly bounds: readonly number[];
  private readonly byMethod = new Map<string, Map<string, Series>>();
  private size = 0;

  /**
   * `bounds` of the histogram, in seconds. The series of `methods` at `other` stand from the start: who tries them all
   * adds nothing, and a rate sees the first request.
   */
  constructor(bounds: readonly number[], methods: Iterable<string> = []) {
    this.bounds = bounds;
    for (const method of methods) this.open(method, 'other');
  }

  /** `method` is one of a bounded set; `id` may be empty. */
  record(method: string, endpoint: string, status: number, seconds: number, id: string, now: number): void {
    const series = this.byMethod.get(method)?.get(endpoint) ?? this.open(method, endpoint);
    series.count(status);
    series.times.observe(seconds, id, now);
  }

  private open(method: string, endpoint: string): Series {
    let endpoints = this.byMethod.get(method);
    if (endpoints === undefined) {
      endpoints = new Map();
      this.byMethod.set(method, endpoints);
    }
    const name = this.size < MAX_SERIES ? endpoint : 'other';
    let series = endpoints.get(name);
    if (series === undefined) {
      series = new Series(method, name, this.bounds);
      endpoints.set(name, series);
      this.size++;
    }
    return series;
  }

  /** `epoch` as in `text`. */
  state(epoch: number): SeriesState[] {
    return this.all().map(({ method, endpoint, statuses, counts, times }) => ({
      method,
      endpoint,
      statuses: statuses.flatMap((status, i) => [status, counts[i]!]),
      times: times.state(epoch),
    }));
  }

  /** Adds what another one of the same bounds counted; `text` then takes 0 for an epoch. */
  absorb(state: readonly SeriesState[]): void {
    for (const { method, endpoint, statuses, times } of state) {
      const series = this.byMethod.get(method)?.get(endpoint) ?? this.open(method, endpoint);
      for (let i = 0; i < statuses.length; i += 2) series.count(statuses[i]!, statuses[i + 1]!);
      series.times.absorb(times);
    }
  }

  private all(): Series[] {
    return [...this.byMethod.values()].flatMap((endpoints) => [...endpoints.values()]);
  }

  /** Both families as text; `epoch` as in Times, undefined for the plain format. */
  text(epoch: number | undefined): string {
    const all = this.all();
    const labels = all.map(({ method, endpoint }) => `method="${method}",endpoint="${escaped(endpoint)}"`);
    const family = epoch === undefined ? 'http_requests_total' : 'http_requests';
    let text = `# HELP ${family} Requests answered.\n# TYPE ${family} counter\n`;
    for (const [i, { statuses, counts }] of all.entries()) {
      for (const [j, status] of statuses.entries())
        text += `http_requests_total{${labels[i]},status="${status}"} ${counts[j]}\n`;
    }
    const name = 'http_request_duration_seconds';
    text += `# HELP ${name} Time from the first byte of a request to the last of its response.\n`;
    text += `# TYPE ${name} histogram\n`;
    for (const [i, { times }] of all.entries()) text += times.lines(name, labels[i] as string, epoch);
    return text;
  }
}

const escaped = (text: string): string =>
  text.replace(/[\\"\n]/g, (character) => (character === '\n' ? '\\n' : `\\${character}`));
