// Runs as they arrive, newest on top: the table of the runs, fed by a tail. Rows do not move while somebody reads them.

import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

import { languageTag, useText } from "../../shared/i18n.ts";
import { correct, go, place, withQuery } from "../../shared/location.ts";
import { useStore } from "../../shared/store.ts";
import type { Run } from "../data/api.ts";
import { useKeys } from "../keys.ts";
import type { ListControl } from "../list/virtual.tsx";
import { filterChanges, filterOf, type Filter } from "../query/filter.ts";
import { runUrl } from "../screen.ts";
import { Nothing } from "../states.tsx";
import { useZone } from "../zone.ts";
import { ROWS_MAX, useFollow } from "./live/follow.ts";
import { liveWords as w } from "./live/words.ts";
import { Panel } from "./runs/panel.tsx";
import { QueryBar } from "./runs/query-bar.tsx";
import { isNarrowScreen, RunTable } from "./runs/table.tsx";
import "./live.css";

export function Live(): JSX.Element {
  const t = useText();
  const { query } = useStore(place);
  const zone = useZone();
  const filter = filterOf(query);
  const openId = query.get("open") ?? undefined;
  const [isPaused, setPaused] = useState(false);
  const [isScrolled, setScrolled] = useState(false);
  const [isHovered, setHovered] = useState(false);
  const [selected, setSelected] = useState(-1);
  const control = useRef<ListControl>(null);
  const isOpen = openId !== undefined && !isNarrowScreen();
  const isStopped = isPaused || isScrolled || isOpen;
  const live = useFollow(filter, isStopped || isHovered);
  const number = (value: number): string => value.toLocaleString(languageTag());
  const change = (next: Filter): void => go(withQuery({ ...filterChanges(next), open: undefined }));
  const open = (run: Run): void => {
    if (isNarrowScreen()) go(runUrl(run));
    else if (openId === undefined) go(withQuery({ open: run.RequestId }));
    else correct(withQuery({ open: run.RequestId }));
  };
  const toggle = (): void => {
    if (!isStopped) {
      setPaused(true);
      return;
    }
    setPaused(false);
    control.current?.scrollTo(0);
    setScrolled(false);
    if (isOpen) correct(withQuery({ open: undefined }));
  };
  const move = (step: number): void => {
    const next = Math.max(0, Math.min(live.rows.length - 1, selected + step));
    setPaused(true);
    setSelected(next);
    const run = live.rows[next];
    if (isOpen && run !== undefined) open(run);
  };
  useKeys({
    p: toggle,
    j: () => move(1),
    k: () => move(-1),
    g: () => control.current?.scrollTo(0),
    G: () => control.current?.scrollTo(Number.MAX_SAFE_INTEGER),
    f: () => change({ ...filter, result: filter.result === "failed" ? undefined : "failed" }),
    Enter: () => {
      const run = live.rows[selected];
      if (run === undefined) return false;
      if (openId === run.RequestId) go(runUrl(run));
      else open(run);
      return true;
    },
    Escape: () => {
      if (openId === undefined) return false;
      go(withQuery({ open: undefined }));
      return true;
    },
  });
  const status = isStopped ? t(w.paused, { n: number(live.waiting) }) : statusOf(live.state, live.problem, t);
  const scale = {
    duration_ms: Math.max(1, ...live.rows.slice(0, 500).map((run) => run.Duration)),
    mem_bytes: Math.max(1, ...live.rows.slice(0, 500).map((run) => run.MemUsage)),
  };
  return (
    <div class={`runs is-live-view ${isOpen ? "has-panel" : ""}`}>
      <div class="runs-main">
        <QueryBar filter={filter} onChange={change} known={{ result: ["ok", "failed", "running"] }} />
        <div class="live-bar">
          <span class={`live-state is-${isStopped ? "paused" : live.state}`}>
            <span class="live-dot" aria-hidden="true" />
            <span class="live-status">{status}</span>
            {/* Apart from the counts, so that a pause is announced once and not with each run that arrives. */}
            <span role="status" class="visually-hidden live-said">
              {isStopped ? t(w.paused_said) : statusOf(live.state, live.problem, t)}
            </span>
          </span>
          <button type="button" class="button small live-pause" aria-pressed={isStopped} onClick={toggle}>
            {t(isStopped ? w.resume : w.pause)}
          </button>
          <span class="num quiet-text live-counters" title={t(w.missed_what)}>
            {t(w.counters, {
              received: number(live.received),
              shown: number(live.rows.length),
              missed: number(live.missed),
              rate: number(Math.round(live.rate * 10) / 10),
            })}
          </span>
          <button type="button" class="button small" onClick={() => go(withQuery({ live: undefined }))}>
            {t(w.stop)}
          </button>
        </div>
        {isHovered && !isStopped && live.waiting > 0 && (
          <p class="live-held quiet-text">{t(w.held, { n: number(live.waiting) })}</p>
        )}
        {live.gaps.map((gap) => (
          <p key={gap.AfterSeq} class="note warning">
            {t(w.gap, {
              from: number(gap.AfterSeq),
              to: number(gap.ToSeq),
              why: t(gap.ByRetention ? w.gap_retention : w.gap_damage),
            })}
          </p>
        ))}
        <div class="runs-body">
          {live.rows.length === 0 ? (
            <Nothing title={t(w.waiting)}>
              <p>{t(w.waiting_what)}</p>
            </Nothing>
          ) : (
            <RunTable
              runs={live.rows}
              total={live.rows.length}
              zone={zone}
              scale={scale}
              keyword={filter.keyword}
              sort=""
              onSort={undefined}
              selected={selected}
              onSelect={setSelected}
              openKey={openId}
              onOpen={open}
              ticked={[]}
              onTick={() => undefined}
              onNearEnd={() => undefined}
              control={control}
              onScrolled={(top_px) => setScrolled(top_px > 4)}
              isHovered={setHovered}
            />
          )}
        </div>
        {live.dropped > 0 && (
          <p class="quiet-text live-older">
            {t(w.older, { n: number(live.dropped) })} ({number(ROWS_MAX)}){" "}
            <button type="button" class="button small" onClick={() => go(withQuery({ live: undefined, since: "1h" }))}>
              {t(w.as_query)}
            </button>
          </p>
        )}
      </div>
      {isOpen && (
        <Panel
          request_id={openId}
          row={live.rows.find((run) => run.RequestId === openId)}
          keyword={filter.keyword}
          onClose={() => go(withQuery({ open: undefined }))}
        />
      )}
    </div>
  );
}

function statusOf(
  state: ReturnType<typeof useFollow>["state"],
  problem: string | undefined,
  t: ReturnType<typeof useText>,
): string {
  return t(w[state], { reason: problem ?? "" });
}
