// The rows that a live view keeps: the newest first, one a run, never more than so many.

export class Ring<T> {
  /** Newest first. */
  rows: readonly T[] = [];
  /** Rows that were there and fell out. */
  dropped = 0;

  constructor(
    readonly capacity: number,
    readonly keyOf: (row: T) => string,
  ) {}

  /** Adds rows in the order of their arrival. A later report of a run takes the place of the one before. */
  add(arrived: readonly T[]): void {
    const last = new Map(arrived.map((row) => [this.keyOf(row), row]));
    const fresh = [...last.values()].sort((a, b) => arrived.lastIndexOf(b) - arrived.lastIndexOf(a));
    const kept = this.rows.filter((row) => !last.has(this.keyOf(row)));
    const all = [...fresh, ...kept];
    this.dropped += Math.max(0, all.length - this.capacity);
    this.rows = all.slice(0, this.capacity);
  }

  clear(): void {
    this.rows = [];
    this.dropped = 0;
  }
}
