// The runs of a window: filter, histogram, facets, table, and the selected run beside it. Everything that is counted comes
// from the answer that the rows came from.

import type { JSX } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

import { languageTag, useText } from "../../shared/i18n.ts";
import { correct, followLink, go, place, withQuery } from "../../shared/location.ts";
import { keepForTab, keptForTab } from "../../shared/memory.ts";
import { useStore } from "../../shared/store.ts";
import { stateOf, type Run } from "../data/api.ts";
import { useAnswer } from "../data/shown.ts";
import { Histogram } from "../histogram.tsx";
import { useKeys } from "../keys.ts";
import type { ListControl } from "../list/virtual.tsx";
import { filterChanges, filterCount, filterOf, type Filter } from "../query/filter.ts";
import { endsAt, lengthText, moved, scaled, spanChanges, spanOf, type Span } from "../query/span.ts";
import { compareUrl, runUrl } from "../screen.ts";
import { Failed, Loading } from "../states.tsx";
import { common } from "../words.ts";
import { useZone } from "../zone.ts";
import { Live } from "./live.tsx";
import { liveWords } from "./live/words.ts";
import { Facets } from "./runs/facets.tsx";
import { explorerUrl } from "./runs/explorer-url.ts";
import { askOf, loadFirst, useMore } from "./runs/load.ts";
import { Panel } from "./runs/panel.tsx";
import { QueryBar } from "./runs/query-bar.tsx";
import { keyOf } from "./runs/row.tsx";
import { isNarrowScreen, RunTable } from "./runs/table.tsx";
import { runsWords as w } from "./runs/words.ts";
import { ZeroRows } from "./runs/zero.tsx";
import "./runs.css";

const DEFAULT_SORT = "start_time:desc";

export function RunsView(): JSX.Element {
  const { query } = useStore(place);
  return query.get("live") === "1" ? <Live /> : <Listed />;
}

function Listed(): JSX.Element {
  const t = useText();
  const { query } = useStore(place);
  const zone = useZone();
  const filter = filterOf(query);
  const span = spanOf(query);
  const key = JSON.stringify(askOf(query));
  const loaded = useAnswer(key, (signal) => loadFirst(query, signal));
  const { data, error } = loaded;
  const more = useMore(key, data, query);
  const runs = data === undefined ? [] : [...data.inFlight, ...data.runs, ...more.runs];
  const [selected, setSelected] = useState(-1);
  const [ticked, setTicked] = useState<readonly Run[]>([]);
  const [isSheetOpen, setSheetOpen] = useState(false);
  const control = useRef<ListControl>(null);
  const openId = query.get("open") ?? undefined;
  usePlace(key, data !== undefined, runs, control, setSelected, openId);

  const change = (next: Filter): void => go(withQuery({ ...filterChanges(next), open: undefined }));
  const changeSpan = (next: Span): void => go(withQuery({ ...spanChanges(next), as_of: undefined }));
  const open = (run: Run): void => {
    if (isNarrowScreen()) go(runUrl(run));
    else if (openId === undefined) go(withQuery({ open: run.RequestId }));
    else correct(withQuery({ open: run.RequestId }));
  };
  const move = (step: number): void => {
    const next = Math.max(0, Math.min(runs.length - 1, selected + step));
    setSelected(next);
    const run = runs[next];
    if (openId !== undefined && run !== undefined) open(run);
  };
  const moveToFailed = (direction: 1 | -1): void => {
    for (let at = selected + direction; at >= 0 && at < runs.length; at += direction) {
      if (stateOf(runs[at] as Run) !== "failed") continue;
      move(at - selected);
      return;
    }
  };
  const tick = (run: Run): void => {
    const isIn = ticked.some((one) => keyOf(one) === keyOf(run));
    setTicked(isIn ? ticked.filter((one) => keyOf(one) !== keyOf(run)) : [...ticked, run].slice(-2));
  };
  useKeys({
    j: () => move(1),
    k: () => move(-1),
    g: () => move(-runs.length),
    G: () => move(runs.length),
    e: () => moveToFailed(1),
    E: () => moveToFailed(-1),
    f: () => change({ ...filter, result: filter.result === "failed" ? undefined : "failed" }),
    "[": () => changeSpan(moved(span, -1, loaded.at_ms)),
    "]": () => changeSpan(moved(span, 1, loaded.at_ms)),
    "+": () => changeSpan(scaled(span, 0.5, loaded.at_ms)),
    "-": () => changeSpan(scaled(span, 2, loaded.at_ms)),
    Enter: () => {
      const run = runs[selected];
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
  const values = (by: string, of: "function" | "namespace" | "qualifier"): string[] => [
    ...new Set(data?.facets?.find((facet) => facet.by === by)?.values.map((value) => value[of] ?? "") ?? []),
  ];
  const known = {
    function: values("function", "function"),
    namespace: values("namespace", "namespace"),
    qualifier: values("qualifier", "qualifier"),
    result: ["ok", "failed", "running"],
  };
  const isOpen = openId !== undefined && !isNarrowScreen();
  const openRun = runs.find((run) => run.RequestId === openId);
  const counts = new Map(
    data?.facets?.find(({ by }) => by === "state")?.values.map(({ state, runs: n }) => [state, n]),
  );
  const number = (value: number): string => value.toLocaleString(languageTag());
  return (
    <div class={`runs ${isOpen ? "has-panel" : ""}`}>
      <div class="runs-main">
        <QueryBar filter={filter} onChange={change} known={known} />
        {data?.histogram !== undefined && (
          <Histogram
            histogram={data.histogram}
            to_ms={data.window.to_ms}
            zone={zone}
            onZoom={(from_ms, to_ms) => changeSpan({ kind: "fixed", from_ms, to_ms })}
          />
        )}
        <div class="runs-line">
          <p role="status" class="num">
            {data !== undefined && (
              <>
                <strong>{t(w.total, { total: number(data.total) })}</strong>
                {(counts.get("failed") ?? 0) > 0 && (
                  <span class="failed-text"> · {t(w.total_failed, { n: number(counts.get("failed") ?? 0) })}</span>
                )}
                {(counts.get("running") ?? 0) > 0 && (
                  <span class="running-text"> · {t(w.total_running, { n: number(counts.get("running") ?? 0) })}</span>
                )}
                {data.percentiles?.duration_ms !== undefined && (
                  <span class="quiet-text runs-percentiles">
                    {" · "}
                    {t(w.percentiles, {
                      p50: lengthText(data.percentiles.duration_ms.p50),
                      p95: lengthText(data.percentiles.duration_ms.p95),
                      p99: lengthText(data.percentiles.duration_ms.p99),
                    })}
                  </span>
                )}
              </>
            )}
          </p>
          <span class="runs-actions">
            {ticked.length === 1 && <span class="quiet-text">{t(w.compare_one)}</span>}
            {ticked.length === 2 && (
              <a
                class="button small primary"
                href={compareUrl(ticked[0] as Run, ticked[1] as Run)}
                onClick={followLink}
              >
                {t(w.compare_two)}
              </a>
            )}
            <button
              type="button"
              class="button small sheet-button"
              aria-expanded={isSheetOpen}
              onClick={() => setSheetOpen(!isSheetOpen)}
            >
              {filterCount(filter) > 0 ? t(w.filters_active, { n: filterCount(filter) }) : t(w.filters)}
            </button>
            <button
              type="button"
              class="button small"
              title={t(liveWords.start)}
              onClick={() => go(withQuery({ live: "1", open: undefined, as_of: undefined, sort: undefined }))}
            >
              {t(liveWords.live)}
            </button>
            <a class="button small quiet" href={explorerUrl(filter, endsAt(span, loaded.at_ms))}>
              {t(common.open_in_explorer)}
            </a>
          </span>
        </div>
        {error !== undefined && <Failed error={error} onRetry={loaded.reload} />}
        {data === undefined && error === undefined && <Loading />}
        {data !== undefined && (
          <div class={`runs-body ${isSheetOpen ? "has-sheet" : ""}`}>
            {data.facets !== undefined && (
              <Facets facets={data.facets} total={data.total} filter={filter} onChange={change} />
            )}
            {runs.length === 0 ? (
              <ZeroRows query={query} zone={zone} />
            ) : (
              <RunTable
                runs={runs}
                total={data.total}
                zone={zone}
                scale={{
                  duration_ms: data.percentiles?.duration_ms?.p99 ?? 1,
                  mem_bytes: data.percentiles?.mem_bytes?.p99 ?? 1,
                }}
                keyword={filter.keyword}
                sort={query.get("sort") ?? DEFAULT_SORT}
                onSort={(sort) => go(withQuery({ sort: sort === DEFAULT_SORT ? undefined : sort, open: undefined }))}
                selected={selected}
                onSelect={setSelected}
                openKey={openId}
                onOpen={open}
                ticked={ticked.map(keyOf)}
                onTick={tick}
                onNearEnd={more.load}
                control={control}
                onScrolled={(_, first) =>
                  keepForTab(
                    PLACE,
                    JSON.stringify({
                      key,
                      id: runs[first] === undefined ? undefined : keyOf(runs[first]),
                      row: first,
                      selected,
                    }),
                  )
                }
              />
            )}
          </div>
        )}
        {more.error !== undefined && <p class="note failed">{t(w.more_failed)}</p>}
      </div>
      {/* The list first: it has the run, as a rule, and the panel then loads it once. */}
      {isOpen && data !== undefined && (
        <Panel
          request_id={openId}
          row={openRun}
          keyword={filter.keyword}
          onClose={() => go(withQuery({ open: undefined }))}
        />
      )}
    </div>
  );
}

const PLACE = "runs_place";

/** Back returns to the row that was at the top: by what the row is, not by pixels. */
function usePlace(
  key: string,
  isLoaded: boolean,
  runs: readonly Run[],
  control: { readonly current: ListControl | null },
  select: (row: number) => void,
  openId: string | undefined,
): void {
  const restored = useRef("");
  // Before anything else happens: a key that is pressed right after the rows came is about them.
  useLayoutEffect(() => {
    if (!isLoaded || restored.current === key) return;
    const isFirst = restored.current === "";
    restored.current = key;
    const at = runs.findIndex((run) => run.RequestId === openId);
    select(at);
    if (!isFirst) {
      control.current?.scrollTo(0);
      return;
    }
    try {
      const kept = JSON.parse(keptForTab(PLACE) ?? "{}") as { key?: string; id?: string; selected?: number };
      if (kept.key !== key) return;
      if (at === -1 && kept.selected !== undefined) select(kept.selected);
      const row = runs.findIndex((run) => keyOf(run) === kept.id);
      if (row > 0) control.current?.scrollTo(row * control.current.frame.row_px);
    } catch {
      // Another version of the page kept it.
    }
  });
}
