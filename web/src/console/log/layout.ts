// Which rows a log takes. A line is cut into rows of equal height by arithmetic; where each line's rows begin is one
// array, so that any row is found in any log by halving.

import type { Log } from "./model.ts";
import { cutRows, isNarrow, rowCount } from "./width.ts";

/** Of a longer line only a part is drawn, until a person asks for more. */
export const LINE_SHOWN_MAX = 4096;

/** The part of a long line that is drawn. */
export interface Part {
  readonly from: number;
  readonly to: number;
}

export interface LayoutOptions {
  /** Columns of a row; 0 does not wrap. */
  readonly columns: number;
  /** The lines that are shown, ascending; absent: all. */
  readonly only?: Uint32Array | undefined;
  /** Lines whose JSON is unfolded, with its lines. */
  readonly unfolded: ReadonlyMap<number, readonly string[]>;
  /** Parts of long lines that are not their beginning. */
  readonly parts: ReadonlyMap<number, Part>;
}

/** A row: of which line, and which part of it. */
export interface RowPlace {
  /** Counted from 0 in the log. */
  readonly line: number;
  /** Which row of the line; those of its unfolded JSON come after its own. */
  readonly part: number;
}

export class Layout {
  /** The first row of each shown line; one more at the end. */
  readonly #starts: Uint32Array;
  readonly #only: Uint32Array | undefined;

  constructor(
    readonly log: Log,
    readonly options: LayoutOptions,
  ) {
    this.#only = options.only;
    const lines = options.only?.length ?? log.lines;
    this.#starts = new Uint32Array(lines + 1);
    let row = 0;
    for (let at = 0; at < lines; at += 1) {
      this.#starts[at] = row;
      row += this.#rowsOf(options.only?.[at] ?? at);
    }
    this.#starts[lines] = row;
  }

  get rows(): number {
    return this.#starts.at(-1) ?? 0;
  }

  get lines(): number {
    return this.#starts.length - 1;
  }

  place(row: number): RowPlace {
    let low = 0;
    let high = Math.max(0, this.#starts.length - 2);
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] as number) <= row) low = middle;
      else high = middle - 1;
    }
    return { line: this.#only?.[low] ?? low, part: row - (this.#starts[low] ?? 0) };
  }

  /** The first row of a line; of the next shown line where it is not shown itself. */
  rowOf(line: number): number {
    if (this.#only === undefined) return this.#starts[Math.min(line, this.lines)] ?? 0;
    let low = 0;
    let high = this.#only.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#only[middle] as number) < line) low = middle + 1;
      else high = middle;
    }
    return this.#starts[low] ?? 0;
  }

  /** The row of a line that a place of its shown text is in. */
  rowOfColumn(line: number, text: string, column: number): number {
    const { from } = partOf(text.length, this.options.parts.get(line));
    const cuts = this.cuts(line, text);
    let part = 0;
    while (part + 1 < cuts.length && (cuts[part + 1] as number) <= column - from) part += 1;
    return this.rowOf(line) + part;
  }

  /** Where the rows of a line begin, in the drawn part of its shown text. */
  cuts(line: number, text: string): number[] {
    const { from, to } = partOf(text.length, this.options.parts.get(line));
    return cutRows(text.slice(from, to), this.options.columns);
  }

  #rowsOf(line: number): number {
    const unfolded = this.options.unfolded.get(line)?.length ?? 0;
    if (this.options.columns === 0) return 1 + unfolded;
    const { log } = this;
    const start = log.starts[line] as number;
    const length = (log.starts[line + 1] as number) - start;
    // Most lines are short and plain: no text is cut for them.
    if (length <= this.options.columns && isNarrow(log.text.slice(start, start + Math.max(0, length - 1))))
      return 1 + unfolded;
    const { text } = log.shown(line);
    const { from, to } = partOf(text.length, this.options.parts.get(line));
    return rowCount(text.slice(from, to), this.options.columns) + unfolded;
  }
}

/** The drawn part of a line of this length. */
export function partOf(length: number, part: Part | undefined): Part {
  if (length <= LINE_SHOWN_MAX) return { from: 0, to: length };
  const from = Math.min(part?.from ?? 0, length);
  return { from, to: Math.min(length, part?.to ?? from + LINE_SHOWN_MAX) };
}
