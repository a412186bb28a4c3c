// How many columns a text takes in a fixed-width font. Rows are cut by this arithmetic, so that every row has the same
// height and none is ever measured.

const TAB = 8;

/** Characters that would deceive or be invisible, and how each is shown. Their stored bytes stay what they are. */
const LABELS: Readonly<Record<number, string>> = {
  0x7f: "␡",
  0x85: "NEL",
  0xad: "SHY",
  0x61c: "ALM",
  0x200b: "ZWS",
  0x200c: "ZWN",
  0x200e: "LRM",
  0x200f: "RLM",
  0x2028: "LS",
  0x2029: "PS",
  0x202a: "LRE",
  0x202b: "RLE",
  0x202c: "PDF",
  0x202d: "LRO",
  0x202e: "RLO",
  0x2060: "WJ",
  0x2066: "LRI",
  0x2067: "RLI",
  0x2068: "FSI",
  0x2069: "PDI",
  0xfeff: "BOM",
};

/** The label of a character that is shown as a mark; `undefined` for one that is shown as it is. */
export function markOf(code: number): string | undefined {
  if (code < 0x20) return code === 9 ? undefined : String.fromCharCode(0x2400 + code);
  if (code < 0x7f) return undefined;
  if (code >= 0x80 && code < 0xa0) return code === 0x85 ? "NEL" : code.toString(16).toUpperCase();
  return LABELS[code];
}

/** Whether a text holds nothing but characters of one column: then its width is its length. */
export function isNarrow(text: string): boolean {
  return !/[^\x20-\x7e]/.test(text);
}

/** Columns of the character that begins at `at`, and how many units it takes. `column` matters to a tab. */
function step(text: string, at: number, column: number): { readonly columns: number; readonly units: number } {
  const code = text.codePointAt(at) ?? 0;
  const units = code > 0xffff ? 2 : 1;
  if (code === 9) return { columns: TAB - (column % TAB), units };
  const mark = markOf(code);
  if (mark !== undefined) return { columns: mark.length, units };
  if (isCombining(code)) return { columns: 0, units };
  return { columns: isWide(code) ? 2 : 1, units };
}

function isCombining(code: number): boolean {
  return (
    (code >= 0x300 && code <= 0x36f) ||
    (code >= 0x1ab0 && code <= 0x1aff) ||
    (code >= 0x20d0 && code <= 0x20ff) ||
    code === 0x200d ||
    (code >= 0xfe00 && code <= 0xfe0f) ||
    (code >= 0xfe20 && code <= 0xfe2f) ||
    (code >= 0xe0100 && code <= 0xe01ef)
  );
}

function isWide(code: number): boolean {
  return (
    (code >= 0x1100 && code <= 0x115f) ||
    (code >= 0x2e80 && code <= 0x303e) ||
    (code >= 0x3041 && code <= 0x33ff) ||
    (code >= 0x3400 && code <= 0x4dbf) ||
    (code >= 0x4e00 && code <= 0x9fff) ||
    (code >= 0xa000 && code <= 0xa4cf) ||
    (code >= 0xac00 && code <= 0xd7a3) ||
    (code >= 0xf900 && code <= 0xfaff) ||
    (code >= 0xfe30 && code <= 0xfe6f) ||
    (code >= 0xff00 && code <= 0xff60) ||
    (code >= 0xffe0 && code <= 0xffe6) ||
    (code >= 0x1f300 && code <= 0x1f64f) ||
    (code >= 0x1f680 && code <= 0x1f9ff) ||
    (code >= 0x20000 && code <= 0x3fffd)
  );
}

/** Where the rows of a text begin, at `columns` a row; always at least one row. `columns` 0 is one row without an end. */
export function cutRows(text: string, columns: number): number[] {
  if (columns <= 0) return [0];
  const starts = [0];
  if (isNarrow(text)) {
    for (let at = columns; at < text.length; at += columns) starts.push(at);
    return starts;
  }
  let column = 0;
  for (let at = 0; at < text.length;) {
    const { columns: taken, units } = step(text, at, column);
    if (column > 0 && column + taken > columns) {
      starts.push(at);
      column = 0;
    }
    column += Math.min(taken, columns);
    at += units;
  }
  return starts;
}

/** How many rows `cutRows` makes. */
export function rowCount(text: string, columns: number): number {
  if (columns <= 0) return 1;
  return isNarrow(text) ? Math.max(1, Math.ceil(text.length / columns)) : cutRows(text, columns).length;
}
