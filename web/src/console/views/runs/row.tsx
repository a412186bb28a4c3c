// One run as a row of the table: state, start, function, duration and memory with bars, code, message.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { followLink } from "../../../shared/location.ts";
import { formatTime } from "../../../shared/time.ts";
import { stateOf, type Run } from "../../data/api.ts";
import { Glyph } from "../../glyph.tsx";
import { lengthText, memoryText } from "../../query/span.ts";
import { Safe } from "../../safe.tsx";
import { runUrl } from "../../screen.ts";

export interface RowScale {
  /** A full bar of the duration, in milliseconds. */
  readonly duration_ms: number;
  /** A full bar of the memory, in bytes. */
  readonly mem_bytes: number;
}

interface Props {
  readonly run: Run;
  readonly row: number;
  readonly zone: string;
  readonly scale: RowScale;
  readonly keyword: string | undefined;
  readonly isSelected: boolean;
  readonly isOpen: boolean;
  readonly isTicked: boolean;
  readonly onOpen: () => void;
  readonly onTick: () => void;
  readonly tickLabel: string;
}

export const keyOf = (run: Run): string =>
  `${run.Region}/${run.Namespace}/${run.FunctionName}/${run.RequestId}/${run.RetryNum}`;

export function RunRow({
  run,
  row,
  zone,
  scale,
  keyword,
  isSelected,
  isOpen,
  isTicked,
  onOpen,
  onTick,
  tickLabel,
}: Props): JSX.Element {
  const state = stateOf(run);
  const [date = "", time = ""] = formatTime(run.StartTime, zone, { millis: true }).split(" ");
  const open = (event: MouseEvent): void => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.button !== 0) return;
    event.preventDefault();
    onOpen();
  };
  return (
    <div
      id={`row-${row}`}
      class={`run-row is-${state} ${isSelected ? "is-selected" : ""} ${isOpen ? "is-open" : ""}`}
      role="row"
      aria-rowindex={row + 2}
      aria-selected={isSelected}
      onClick={open}
    >
      <span class="cell-tick" role="gridcell">
        <input
          type="checkbox"
          tabIndex={-1}
          aria-label={tickLabel}
          checked={isTicked}
          onClick={(event) => event.stopPropagation()}
          onChange={onTick}
        />
      </span>
      <span class="cell-state" role="gridcell">
        <Glyph mark={state} />
      </span>
      <span class="cell-start num" role="gridcell">
        <span class="quiet-text start-date">{date.slice(5)} </span>
        {time}
      </span>
      <span class="cell-function" role="gridcell">
        <a
          href={runUrl(run)}
          tabIndex={-1}
          onClick={(event) => (window.innerWidth < 900 ? followLink(event) : open(event))}
        >
          <Safe text={run.FunctionName} />
        </a>
        {run.Qualifier !== "$LATEST" && <bdi class="quiet-text"> {run.Qualifier}</bdi>}
        {run.RetryNum > 0 && <span class="tag">#{run.RetryNum + 1}</span>}
      </span>
      <span class="cell-duration num" role="gridcell">
        <Bar share={run.Duration / scale.duration_ms} />
        {state === "running" ? <Clock start_ms={run.StartTime} /> : lengthText(run.Duration)}
      </span>
      <span class="cell-memory num" role="gridcell">
        <Bar share={run.MemUsage / scale.mem_bytes} />
        {run.MemUsage === 0 ? "–" : memoryText(run.MemUsage)}
      </span>
      <span class="cell-code num" role="gridcell">
        {state === "running" ? "" : run.RetCode}
      </span>
      <span class="cell-message mono" role="gridcell">
        <Safe text={firstLine(run.RetMsg)} word={keyword} />
      </span>
    </div>
  );
}

function firstLine(text: string): string {
  const end = text.indexOf("\n");
  return (end === -1 ? text : text.slice(0, end)).slice(0, 400);
}

function Bar({ share }: { readonly share: number }): JSX.Element {
  const width = Math.max(0, Math.min(1, Number.isFinite(share) ? share : 0));
  return <span class="cell-bar" aria-hidden="true" style={{ width: `${width * 100}%` }} />;
}

/** How long a run in flight has been going. */
export function Clock({ start_ms }: { readonly start_ms: number }): JSX.Element {
  const [now_ms, setNow] = useState(Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span class="running-text">{lengthText(Math.max(0, Math.floor((now_ms - start_ms) / 1000) * 1000) || 0)}</span>
  );
}
