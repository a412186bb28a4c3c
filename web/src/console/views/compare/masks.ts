// What differs between any two runs and says nothing: times, ids, numbers. Masked lines are compared; the lines as they
// were printed are shown.

export interface Masks {
  readonly times: boolean;
  readonly ids: boolean;
}

const TIMES: readonly RegExp[] = [
  /\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?: ?(?:Z|[+-]\d\d:?\d\d))?/g,
  /\b\d\d:\d\d:\d\d(?:[.,]\d+)?\b/g,
  /\b1[0-9]{9}(?:\d{3})?\b/g,
];

const IDS: readonly RegExp[] = [
  /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/gi,
  /\b(?=[0-9a-f]*\d)[0-9a-f]{8,}\b/gi,
  /\d+(?:[.,]\d+)*/g,
];

/** A line with what is masked replaced by a sign. */
export function masked(line: string, { times, ids }: Masks): string {
  let text = line;
  if (times) for (const expression of TIMES) text = text.replace(expression, "⏱");
  if (ids) for (const expression of IDS) text = text.replace(expression, "#");
  return text;
}
