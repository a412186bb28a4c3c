// The table of runs: a grid with one tab stop, of which only the rows in view are drawn.

import type { JSX } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

import { useText, type Text } from "../../../shared/i18n.ts";
import type { Run } from "../../data/api.ts";
import { isTyping } from "../../keys.ts";
import { VirtualList, type ListControl } from "../../list/virtual.tsx";
import { common } from "../../words.ts";
import { keyOf, RunRow, type RowScale } from "./row.tsx";
import { runsWords as w } from "./words.ts";

export interface TableProps {
  readonly runs: readonly Run[];
  readonly total: number;
  readonly zone: string;
  readonly scale: RowScale;
  readonly keyword: string | undefined;
  readonly sort: string;
  readonly onSort: ((sort: string) => void) | undefined;
  readonly selected: number;
  readonly onSelect: (row: number) => void;
  readonly openKey: string | undefined;
  readonly onOpen: (run: Run) => void;
  readonly ticked: readonly string[];
  readonly onTick: (run: Run) => void;
  readonly onNearEnd: () => void;
  readonly control: { current: ListControl | null };
  readonly onScrolled?: (top_px: number, first: number) => void;
  readonly isHovered?: (isIn: boolean) => void;
}

const COLUMNS: readonly { readonly name: string; readonly text: Text; readonly sort?: string }[] = [
  { name: "tick", text: w.select },
  { name: "state", text: w.state },
  { name: "start", text: common.start, sort: "start_time" },
  { name: "function", text: common.function, sort: "function_name" },
  { name: "duration", text: common.duration, sort: "duration" },
  { name: "memory", text: common.memory, sort: "mem_usage" },
  { name: "code", text: common.code },
  { name: "message", text: common.message },
];

export const isNarrowScreen = (): boolean => window.innerWidth <= 900;

const NEAR_ROWS = 100;

export function RunTable(props: TableProps): JSX.Element {
  const { runs, total, zone, scale, keyword, selected, onSelect, openKey, onOpen, ticked, onTick, onNearEnd, control } =
    props;
  const t = useText();
  const row_px = isNarrowScreen() ? 52 : 28;
  const grid = useRef<HTMLDivElement>(null);
  useLayoutEffect(() => {
    if (selected < 0) return;
    control.current?.show(selected, false);
    // Enter belongs to the selected row from now on, not to the button that was used last.
    if (!isTyping(document.activeElement)) grid.current?.focus({ preventScroll: true });
  }, [selected]);
  const key = (event: KeyboardEvent): void => {
    const steps: Readonly<Record<string, number>> = {
      ArrowDown: 1,
      ArrowUp: -1,
      PageDown: 20,
      PageUp: -20,
      Home: -runs.length,
      End: runs.length,
    };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      event.stopPropagation();
      onSelect(Math.max(0, Math.min(runs.length - 1, selected + step)));
    } else if (event.key === " " && runs[selected] !== undefined) {
      event.preventDefault();
      onTick(runs[selected]);
    }
  };
  return (
    <div
      ref={grid}
      class="run-table"
      role="grid"
      aria-label={t(w.table)}
      aria-rowcount={total + 1}
      aria-activedescendant={selected >= 0 ? `row-${selected}` : undefined}
      tabIndex={0}
      onKeyDown={key}
      onPointerEnter={() => props.isHovered?.(true)}
      onPointerLeave={() => props.isHovered?.(false)}
    >
      <div class="run-head" role="row" aria-rowindex={1}>
        {COLUMNS.map(({ name, text, sort }) => (
          <Head key={name} name={name} label={t(text)} sort={sort} current={props.sort} onSort={props.onSort} />
        ))}
      </div>
      <VirtualList
        rows={runs.length}
        row_px={row_px}
        class="run-rows"
        attributes={{ role: "rowgroup" }}
        control={control}
        onScroll={(first, end, top_px) => {
          props.onScrolled?.(top_px, Math.floor(top_px / row_px));
          if (end >= runs.length - NEAR_ROWS) onNearEnd();
          void first;
        }}
        draw={(row) => {
          const run = runs[row];
          if (run === undefined) return null;
          const id = keyOf(run);
          return (
            <RunRow
              key={id}
              run={run}
              row={row}
              zone={zone}
              scale={scale}
              keyword={keyword}
              isSelected={row === selected}
              isOpen={openKey === run.RequestId}
              isTicked={ticked.includes(id)}
              tickLabel={t(w.select)}
              onTick={() => onTick(run)}
              onOpen={() => {
                onSelect(row);
                onOpen(run);
              }}
            />
          );
        }}
      />
    </div>
  );
}

interface HeadProps {
  readonly name: string;
  readonly label: string;
  readonly sort: string | undefined;
  readonly current: string;
  readonly onSort: ((sort: string) => void) | undefined;
}

function Head({ name, label, sort, current, onSort }: HeadProps): JSX.Element {
  const t = useText();
  const [by, direction] = current.split(":");
  const isBy = sort !== undefined && by === sort;
  if (sort === undefined || onSort === undefined) {
    return (
      <span class={`cell-${name}`} role="columnheader">
        {name === "tick" || name === "state" ? <span class="visually-hidden">{label}</span> : label}
      </span>
    );
  }
  const next = `${sort}:${isBy && direction === "desc" ? "asc" : "desc"}`;
  return (
    <span
      class={`cell-${name}`}
      role="columnheader"
      aria-sort={isBy ? (direction === "asc" ? "ascending" : "descending") : "none"}
    >
      <button
        type="button"
        class={isBy ? "is-sorted" : ""}
        title={t(w.sort_by, { column: label })}
        onClick={() => onSort(next)}
      >
        {label}
        <span class="sort-arrow" aria-hidden="true">
          {isBy ? (direction === "asc" ? "↑" : "↓") : "↕"}
        </span>
      </button>
    </span>
  );
}
