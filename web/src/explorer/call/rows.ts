// Text of any size as rows of a fixed number of columns. Rows of one height need no measuring, and only those in view
// are drawn, so a page of 10 MB scrolls like one of 10 kB.

export interface Rows {
  readonly text: string;
  /** Where each row starts; one more than there are rows. */
  readonly starts: Uint32Array;
  readonly count: number;
  /** Whether there were more rows than can be shown. */
  readonly isCut: boolean;
}

/** Browsers place nothing beyond 16 million pixels: 18 pixels a row. */
export const ROWS_MAX = 800_000;

/** Splits at line ends and after `columns` columns; wide characters count two. */
export function layOut(text: string, columns: number): Rows {
  let starts = new Uint32Array(1024);
  let count = 0;
  const add = (start: number): void => {
    if (count === starts.length) {
      const larger = new Uint32Array(starts.length * 2);
      larger.set(starts);
      starts = larger;
    }
    starts[count] = start;
    count += 1;
  };
  add(0);
  let column = 0;
  let isCut = false;
  for (let index = 0; index < text.length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit === 10) {
      add(index + 1);
      column = 0;
    } else {
      const width = isWide(unit) ? 2 : 1;
      if (column + width > columns && !isLowHalf(unit)) {
        add(index);
        column = 0;
      }
      column += width;
    }
    if (count > ROWS_MAX) {
      isCut = true;
      break;
    }
  }
  const rows = isCut ? ROWS_MAX : count;
  if (!isCut) add(text.length + 1);
  return { text, starts: starts.slice(0, rows + 1), count: rows, isCut };
}

const isLowHalf = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** Characters of East Asia that take two columns of a monospace font. A pair of halves counts two in all. */
function isWide(unit: number): boolean {
  if (unit < 0x1100) return false;
  return (
    unit <= 0x115f ||
    (unit >= 0x2e80 && unit <= 0xa4cf) ||
    (unit >= 0xac00 && unit <= 0xd7a3) ||
    (unit >= 0xf900 && unit <= 0xfaff) ||
    (unit >= 0xfe30 && unit <= 0xfe6f) ||
    (unit >= 0xff00 && unit <= 0xff60) ||
    (unit >= 0xffe0 && unit <= 0xffe6)
  );
}

/** The text of a row, without its line end. */
export function rowText({ text, starts }: Rows, row: number): string {
  const start = starts[row] ?? text.length;
  const end = starts[row + 1] ?? text.length;
  return text.slice(start, text.charCodeAt(end - 1) === 10 ? end - 1 : end);
}

/** Whether a row begins a line, and is not the rest of a long one. */
export function beginsLine({ text, starts }: Rows, row: number): boolean {
  const start = starts[row] ?? 0;
  return start === 0 || text.charCodeAt(start - 1) === 10;
}

/** The row that holds a place of the text. */
export function rowAt({ starts, count }: Rows, place: number): number {
  let [low, high] = [0, count - 1];
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((starts[middle] ?? 0) <= place) low = middle;
    else high = middle - 1;
  }
  return low;
}

/** Where `wanted` occurs. All of them: a count that stops early is a wrong count. */
export function findAll(text: string, wanted: string): readonly number[] {
  if (wanted === "") return [];
  const found: number[] = [];
  for (let at = text.indexOf(wanted); at >= 0; at = text.indexOf(wanted, at + wanted.length)) found.push(at);
  return found;
}
