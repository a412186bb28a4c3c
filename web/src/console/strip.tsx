// A sparkline of runs: one bar a bucket, the failed part hatched. Under a kilobyte, so that a table can have hundreds.

import type { JSX } from "preact";

import type { Bucket } from "./data/api.ts";

interface Props {
  readonly buckets: readonly Bucket[];
  /** What a screen reader says. */
  readonly label: string;
  readonly titleOf: (at: number) => string;
  readonly onPick?: (at: number) => void;
  readonly width?: number;
}

const HEIGHT = 22;

export function Strip({ buckets, label, titleOf, onPick, width = 148 }: Props): JSX.Element {
  const most = Math.max(1, ...buckets.map(({ ok, failed, running }) => ok + failed + running));
  const cell = width / Math.max(1, buckets.length);
  const bar = Math.max(1, cell - 1);
  // The square root keeps a quiet hour visible beside a busy one.
  const px = (count: number): number => (count === 0 ? 0 : Math.max(2, Math.sqrt(count / most) * (HEIGHT - 1)));
  return (
    <svg class="strip" viewBox={`0 0 ${width} ${HEIGHT}`} width={width} height={HEIGHT} role="img" aria-label={label}>
      {buckets.map(({ ok, failed, running }, at) => {
        const all = px(ok + failed + running);
        const red = failed === 0 ? 0 : Math.min(all, Math.max(3, (all * failed) / (ok + failed + running)));
        const x = at * cell;
        return (
          <g key={at} class={onPick === undefined ? "" : "strip-cell"} onClick={onPick && (() => onPick(at))}>
            <title>{titleOf(at)}</title>
            <rect class="strip-hit" x={x} y={0} width={cell} height={HEIGHT} />
            {all === 0 && <rect class="strip-zero" x={x} y={HEIGHT - 1} width={bar} height={1} />}
            {all > red && (
              <rect
                class={ok === 0 && running > 0 ? "bar-running" : "bar-ok"}
                x={x}
                y={HEIGHT - all}
                width={bar}
                height={all - red}
              />
            )}
            {red > 0 && <rect class="bar-failed" x={x} y={HEIGHT - red} width={bar} height={red} />}
          </g>
        );
      })}
    </svg>
  );
}
