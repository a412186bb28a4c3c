// Runs over time: ok and failed ones stacked, the 95th percentile of the duration as a line. A drag zooms.
//
// An own drawing of at most a hundred bars: they are hatched, follow the theme by CSS, have a table for screen readers, and
// the first view loads no chart library.

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { languageTag, useText } from "../shared/i18n.ts";
import { formatTime } from "../shared/time.ts";
import type { Histogram as Counts } from "./data/api.ts";
import { lengthText, tickTexts } from "./query/span.ts";
import { common, histogramWords as w } from "./words.ts";
import "./histogram.css";

interface Props {
  readonly histogram: Counts;
  /** The end of the window, where it is known. */
  readonly to_ms: number | undefined;
  readonly zone: string;
  readonly onZoom: (from_ms: number, to_ms: number) => void;
}

const AXIS_PX = 18;
const TICK_PX = 92;

export function Histogram({ histogram, to_ms, zone, onZoom }: Props): JSX.Element {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const [size, setSize] = useState({ width: 800, height: 96 });
  const [drag, setDrag] = useState<{ readonly from: number; readonly to: number }>();
  const [at, setAt] = useState<number>();
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = (): void =>
      setSize({ width: Math.max(100, element.clientWidth), height: Math.max(32, element.clientHeight - AXIS_PX) });
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  const { start_ms, width_ms, buckets } = histogram;
  const count = Math.max(1, buckets.length);
  const { width, height } = size;
  const cell = width / count;
  const most = Math.max(1, ...buckets.map(({ ok, failed, running }) => ok + failed + running));
  const slowest = Math.max(0, ...buckets.map(({ duration_ms }) => duration_ms?.p95 ?? 0));
  const y = (runs: number): number => (runs === 0 ? 0 : Math.max(1.5, (runs / most) * (height - 4)));
  const startOf = (bucket: number): number => start_ms + bucket * width_ms;
  const endOf = (bucket: number): number => Math.min(startOf(bucket + 1), to_ms ?? Number.POSITIVE_INFINITY);
  const isCut = (bucket: number): boolean => endOf(bucket) < startOf(bucket + 1);
  const bucketAt = (event: PointerEvent): number => {
    const left = box.current?.getBoundingClientRect().left ?? 0;
    return Math.max(0, Math.min(count - 1, Math.floor((event.clientX - left) / cell)));
  };
  const zoom = (a: number, b: number): void => onZoom(startOf(Math.min(a, b)), endOf(Math.max(a, b)));
  const every = Math.max(1, Math.ceil(TICK_PX / cell));
  const ticks = buckets
    .map((_, bucket) => bucket)
    .filter((bucket) => bucket % every === 0 && (bucket + 0.6 * every) * cell <= width);
  const labels = tickTexts(ticks.map(startOf), zone, width_ms);
  const shown = at === undefined ? undefined : buckets[at];
  const number = (value: number): string => value.toLocaleString(languageTag());
  const key = (event: KeyboardEvent): void => {
    const step = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
    if (step !== 0) {
      event.preventDefault();
      event.stopPropagation();
      setAt(Math.max(0, Math.min(count - 1, (at ?? (step > 0 ? -1 : count)) + step)));
    } else if (event.key === "Enter" && at !== undefined) {
      event.preventDefault();
      zoom(at, at);
    }
  };
  return (
    <div class="histogram-frame">
      <div
        ref={box}
        class="histogram"
        tabIndex={0}
        role="group"
        aria-label={t(w.title)}
        onKeyDown={key}
        onBlur={() => setAt(undefined)}
        onPointerDown={(event) => {
          if (event.button !== 0) return;
          const bucket = bucketAt(event);
          setDrag({ from: bucket, to: bucket });
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          const bucket = bucketAt(event);
          setAt(bucket);
          if (drag !== undefined) setDrag({ from: drag.from, to: bucket });
        }}
        onPointerUp={() => {
          if (drag !== undefined && (drag.from !== drag.to || width_ms > 1)) zoom(drag.from, drag.to);
          setDrag(undefined);
        }}
        onPointerCancel={() => setDrag(undefined)}
        onPointerLeave={() => drag === undefined && setAt(undefined)}
      >
        <svg width={width} height={height + AXIS_PX} aria-hidden="true">
          <line class="histogram-base" x1={0} x2={width} y1={height} y2={height} />
          {drag !== undefined && (
            <rect
              class="histogram-drag"
              x={Math.min(drag.from, drag.to) * cell}
              width={(Math.abs(drag.to - drag.from) + 1) * cell}
              y={0}
              height={height}
            />
          )}
          {drag === undefined && at !== undefined && (
            <rect class="histogram-at" x={at * cell} width={cell} y={0} height={height} />
          )}
          {buckets.map(({ ok, failed, running }, bucket) => {
            // A few failures among thousands must be seen.
            const [a, b, c] = [y(ok), y(running), failed === 0 ? 0 : Math.max(3, y(failed))];
            const bar = Math.max(1, cell - 1);
            const x = bucket * cell;
            return (
              <g key={bucket}>
                {a > 0 && (
                  <rect class={isCut(bucket) ? "bar-cut" : "bar-ok"} x={x} width={bar} y={height - a} height={a} />
                )}
                {b > 0 && <rect class="bar-running" x={x} width={bar} y={height - a - b} height={b} />}
                {c > 0 && <rect class="bar-failed" x={x} width={bar} y={height - a - b - c} height={c} />}
              </g>
            );
          })}
          {slowest > 0 && (
            <path
              class="histogram-line"
              d={line(
                buckets.map(({ duration_ms }) => duration_ms?.p95),
                cell,
                height,
                slowest,
              )}
            />
          )}
          {ticks.map((bucket, index) => (
            <g key={bucket}>
              <line class="histogram-base" x1={bucket * cell} x2={bucket * cell} y1={height} y2={height + 4} />
              <text class="histogram-text" x={bucket * cell + 3} y={height + 14}>
                {labels[index]}
              </text>
            </g>
          ))}
        </svg>
        <span class="histogram-most" aria-hidden="true">
          {number(most)}
        </span>
        {slowest > 0 && (
          <span class="histogram-slowest" aria-hidden="true">
            p95 {lengthText(slowest)}
          </span>
        )}
        {shown !== undefined && at !== undefined && (
          <div
            class={`histogram-tip ${at > count / 2 ? "is-left" : ""}`}
            style={{ left: `${(at + (at > count / 2 ? 0 : 1)) * cell}px` }}
            role="status"
          >
            <div class="quiet-text">
              {formatTime(startOf(at), zone, { millis: width_ms < 1000 })} –{" "}
              {formatTime(endOf(at), zone, { part: "time", offset: true, millis: width_ms < 1000 })}
            </div>
            <div>
              <span class="dot bar-ok" /> {t(common.ok)} {number(shown.ok)}
            </div>
            <div>
              <span class="dot bar-failed" /> {t(common.failed)} {number(shown.failed)}
            </div>
            {shown.running > 0 && (
              <div>
                <span class="dot bar-running" /> {t(common.running)} {number(shown.running)}
              </div>
            )}
            {shown.duration_ms !== undefined && (
              <div>
                {t(w.p95)} {lengthText(shown.duration_ms.p95)}
              </div>
            )}
            {isCut(at) && <div class="quiet-text">{t(w.cut)}</div>}
          </div>
        )}
      </div>
      <div class="visually-hidden">
        <table>
          <caption>{t(w.title)}</caption>
          <thead>
            <tr>
              <th>{t(w.bucket)}</th>
              <th>{t(common.ok)}</th>
              <th>{t(common.failed)}</th>
              <th>{t(common.running)}</th>
            </tr>
          </thead>
          <tbody>
            {buckets.map(({ ok, failed, running }, bucket) => (
              <tr key={bucket}>
                <th>{formatTime(startOf(bucket), zone, { offset: true })}</th>
                <td>{ok}</td>
                <td>{failed}</td>
                <td>{running}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  );
}

/** A line through the middles of buckets; one without a value breaks it. */
function line(values: readonly (number | undefined)[], cell: number, height: number, most: number): string {
  let path = "";
  let isOpen = false;
  values.forEach((value, at) => {
    if (value === undefined) {
      isOpen = false;
      return;
    }
    const [x, y] = [(at + 0.5) * cell, height - (value / most) * (height - 6) - 1];
    path += `${isOpen ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}`;
    // A point with no neighbour is a short dash.
    if (!isOpen && values[at + 1] === undefined) path += "h2";
    isOpen = true;
  });
  return path;
}
