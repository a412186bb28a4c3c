// The spread of a figure on a scale that all rows share: a box from p50 to p95, a whisker to the largest, marks for a limit
// and for the value before. A sample that is too small is grey.

import type { JSX } from "preact";

import type { Ranks } from "./report.ts";

interface Props {
  readonly ranks: Ranks;
  /** The ends of the scale. */
  readonly low: number;
  readonly high: number;
  readonly isFew: boolean;
  readonly limit?: number | undefined;
  readonly before?: number | undefined;
  readonly label: string;
}

const WIDTH = 240;
const HEIGHT = 18;

export function Spread({ ranks, low, high, isFew, limit, before, label }: Props): JSX.Element {
  const span = Math.log(high / low) || 1;
  const x = (value: number): number => 2 + (Math.log(Math.max(low, value) / low) / span) * (WIDTH - 4);
  const box = Math.max(2, x(ranks.p95) - x(ranks.p50));
  return (
    <svg
      class={`spread ${isFew ? "is-few" : ""}`}
      viewBox={`0 0 ${WIDTH} ${HEIGHT}`}
      width={WIDTH}
      height={HEIGHT}
      role="img"
      aria-label={label}
    >
      <title>{label}</title>
      <line class="spread-axis" x1={0} x2={WIDTH} y1={HEIGHT - 0.5} y2={HEIGHT - 0.5} />
      <line class="spread-line" x1={x(ranks.p95)} x2={x(ranks.max)} y1={9} y2={9} />
      <line class="spread-line" x1={x(ranks.max)} x2={x(ranks.max)} y1={5} y2={13} />
      <rect class="spread-box" x={x(ranks.p50)} y={4} width={box} height={10} />
      {before !== undefined && <path class="spread-before" d={`M${x(before)} 1v16`} />}
      {limit !== undefined && <path class="spread-limit" d={`M${x(limit)} 0v${HEIGHT}`} />}
    </svg>
  );
}

/** A scale for rows, from the smallest to the largest of what they show. */
export function scaleOf(values: readonly (number | null | undefined)[]): {
  readonly low: number;
  readonly high: number;
} {
  const known = values.filter((value): value is number => typeof value === "number" && value > 0);
  const low = Math.max(1, Math.min(...known));
  const high = Math.max(...known);
  return known.length === 0 || high <= low ? { low: 1, high: 10 } : { low: low * 0.9, high: high * 1.1 };
}
