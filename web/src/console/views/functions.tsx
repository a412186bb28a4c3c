// The landing view: the health of every function at a glance, broken ones first.

import type { JSX } from "preact";
import { useMemo, useRef, useState } from "preact/hooks";

import { languageTag, useText } from "../../shared/i18n.ts";
import { correct, followLink, go, place, withQuery } from "../../shared/location.ts";
import { useStore } from "../../shared/store.ts";
import { formatTime } from "../../shared/time.ts";
import {
  healthOf,
  loadOverview,
  sorted,
  SORTS,
  type FunctionHealth,
  type Health,
  type Overview,
  type SortBy,
} from "../data/overview.ts";
import { useAnswer } from "../data/shown.ts";
import { Glyph } from "../glyph.tsx";
import { useKeys } from "../keys.ts";
import { endsAt, lengthText, memoryText, spanChanges, spanOf, spanQuery } from "../query/span.ts";
import { runUrl, urlOf } from "../screen.ts";
import { Failed, Loading, Nothing } from "../states.tsx";
import { Strip } from "../strip.tsx";
import { common } from "../words.ts";
import { useZone } from "../zone.ts";
import { functionsWords as w } from "./functions/words.ts";
import { Safe } from "../safe.tsx";
import "./functions.css";

export function FunctionsView(): JSX.Element {
  const t = useText();
  const { query } = useStore(place);
  const span = spanOf(query);
  const ask = {
    ...spanQuery(span),
    namespace: query.get("namespace") ?? undefined,
    as_of: query.get("as_of") ?? undefined,
  };
  const loaded = useAnswer(JSON.stringify(ask), (signal) => loadOverview(ask, signal));
  const text = query.get("q") ?? "";
  const [by, direction] = (query.get("sort") ?? "state:asc").split(":") as [SortBy, string];
  const input = useRef<HTMLInputElement>(null);
  const [selected, setSelected] = useState(-1);
  const { data, error } = loaded;
  const { from_ms = 0, to_ms } = endsAt(span, loaded.at_ms);
  const health = (one: FunctionHealth): Health => healthOf(one, to_ms - from_ms, Math.min(to_ms, loaded.at_ms));
  const rows = useMemo(() => {
    const all = data?.functions ?? [];
    const wanted = text.toLowerCase();
    const match = all.filter((one) => `${one.namespace}/${one.function}`.toLowerCase().includes(wanted));
    return sorted(match, SORTS.includes(by) ? by : "state", direction === "desc", health);
  }, [data, text, by, direction]);
  const move = (step: number): void => {
    const next = Math.max(0, Math.min(rows.length - 1, selected + step));
    setSelected(next);
    document.querySelectorAll<HTMLElement>(".functions-row")[next]?.scrollIntoView({ block: "nearest" });
  };
  useKeys({
    "/": () => input.current?.focus(),
    j: () => move(1),
    k: () => move(-1),
    g: () => move(-rows.length),
    G: () => move(rows.length),
    Enter: () => {
      const one = rows[selected];
      if (one === undefined) return false;
      go(runsOf(one, query));
      return true;
    },
  });
  if (data === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={loaded.reload} />;
  if (data.functions.length === 0) return <Empty />;
  const failed = rows.reduce((sum, { percentiles }) => sum + (percentiles?.failed ?? 0), 0);
  const runs = rows.reduce((sum, one) => sum + one.runs, 0);
  const number = (value: number): string => value.toLocaleString(languageTag());
  return (
    <div class="functions">
      {error !== undefined && <Failed error={error} onRetry={loaded.reload} />}
      <div class="functions-head">
        <input
          ref={input}
          type="search"
          class="functions-filter"
          aria-label={t(w.filter)}
          placeholder={`${t(w.filter)}  /`}
          value={text}
          onInput={(event) => correct(withQuery({ q: event.currentTarget.value }))}
          onKeyDown={(event) => event.key === "Escape" && event.currentTarget.blur()}
        />
        <p class="quiet-text" role="status">
          {t(w.summary, { functions: number(rows.length), runs: number(runs), failed: number(failed) })}
        </p>
      </div>
      {rows.length === 0 ? (
        <Nothing title={t(w.none_match, { text })}>
          <button type="button" class="button" onClick={() => go(withQuery({ q: undefined }))}>
            {t(w.clear)}
          </button>
        </Nothing>
      ) : (
        <Table
          rows={rows}
          overview={data}
          by={by}
          direction={direction}
          health={health}
          now_ms={loaded.at_ms}
          selected={selected}
        />
      )}
      {(data.rest_functions ?? 0) > 0 && <p class="note">{t(w.rest, { n: number(data.rest_functions ?? 0) })}</p>}
    </div>
  );
}

/** The runs of a function, with the window of this view. */
function runsOf(
  one: FunctionHealth,
  query: URLSearchParams,
  more: Readonly<Record<string, string | undefined>> = {},
): string {
  const kept = Object.fromEntries(
    ["since", "from", "to", "window", "tz", "as_of"].map((name) => [name, query.get(name) ?? undefined]),
  );
  return urlOf("/runs", { function: one.function, namespace: one.namespace, region: one.region, ...kept, ...more });
}

interface TableProps {
  readonly rows: readonly FunctionHealth[];
  readonly overview: Overview;
  readonly by: SortBy;
  readonly direction: string;
  readonly health: (one: FunctionHealth) => Health;
  readonly now_ms: number;
  readonly selected: number;
}

function Table({ rows, overview, by, direction, health, now_ms, selected }: TableProps): JSX.Element {
  const t = useText();
  const head = (name: SortBy | undefined, label: string, kind = ""): JSX.Element => (
    <th
      scope="col"
      class={kind}
      aria-sort={name === by ? (direction === "desc" ? "descending" : "ascending") : undefined}
    >
      {name === undefined ? (
        label
      ) : (
        <button
          type="button"
          title={t(w.sort_by, { column: label })}
          onClick={() =>
            correct(withQuery({ sort: `${name}:${name === by && direction !== "desc" ? "desc" : "asc"}` }))
          }
        >
          {label}
          {name === by && <span aria-hidden="true">{direction === "desc" ? " ↑" : " ↓"}</span>}
        </button>
      )}
    </th>
  );
  return (
    <table class="functions-table">
      <thead>
        <tr>
          {head("state", t(w.state), "col-state")}
          {head("name", t(common.function))}
          {head(undefined, t(w.strip))}
          {head("runs", t(w.runs), "num")}
          {head("errors", t(w.errors), "num")}
          {head("p95", t(w.p50_p95), "num")}
          {head("memory", t(w.memory), "num")}
          {head("last", t(w.last))}
          {head(undefined, t(w.last_ok))}
          {head(undefined, t(w.now), "num")}
        </tr>
      </thead>
      <tbody>
        {rows.map((one, at) => (
          <Row
            key={`${one.region}/${one.namespace}/${one.function}`}
            one={one}
            overview={overview}
            mark={health(one)}
            now_ms={now_ms}
            isSelected={at === selected}
          />
        ))}
      </tbody>
    </table>
  );
}

interface RowProps {
  readonly one: FunctionHealth;
  readonly overview: Overview;
  readonly mark: Health;
  readonly now_ms: number;
  readonly isSelected: boolean;
}

function Row({ one, overview, mark, now_ms, isSelected }: RowProps): JSX.Element {
  const t = useText();
  const zone = useZone();
  const { query } = useStore(place);
  const number = (value: number): string => value.toLocaleString(languageTag());
  const { last, percentiles } = one;
  const rate = percentiles?.error_rate ?? 0;
  const failed = percentiles?.failed ?? 0;
  const cell = (at: number): { readonly from_ms: number; readonly to_ms: number } => {
    const from_ms = overview.start_ms + at * overview.width_ms;
    return { from_ms, to_ms: from_ms + overview.width_ms };
  };
  const titleOf = (at: number): string => {
    const { from_ms, to_ms } = cell(at);
    const bucket = one.buckets[at] ?? { ok: 0, failed: 0, running: 0 };
    return t(w.cell, {
      from: formatTime(from_ms, zone),
      to: formatTime(to_ms, zone, { part: "time", offset: true }),
      ok: bucket.ok,
      failed: bucket.failed,
      running: bucket.running,
    });
  };
  const ago = (ms: number): string =>
    ms > now_ms
      ? t(w.soon, { length: lengthText(ms - now_ms) })
      : t(w.ago, { length: lengthText(Math.max(1000, now_ms - ms)) });
  return (
    <tr class={`functions-row ${isSelected ? "is-selected" : ""}`}>
      <td class="col-state">
        <Glyph mark={mark} />
      </td>
      <td class="functions-name">
        <a href={runsOf(one, query)} onClick={followLink}>
          <Safe text={one.function} />
        </a>
        <span class="quiet-text functions-of">
          <Safe text={one.namespace} />
          {one.region !== "" && ` · ${one.region}`}
          {one.qualifiers.length > 1 && ` · ${t(w.versions, { n: one.qualifiers.length })}`}
          {one.qualifiers.length === 1 && one.qualifiers[0] !== "$LATEST" && ` · ${one.qualifiers[0]}`}
        </span>
      </td>
      <td class="functions-strip">
        <Strip
          buckets={one.buckets}
          label={t(w.strip_label, { runs: number(one.runs), failed: number(failed) })}
          titleOf={titleOf}
          onPick={(at) => go(runsOf(one, query, { ...spanChanges({ kind: "fixed", ...cell(at) }), since: undefined }))}
        />
      </td>
      <td class="num">{number(one.runs)}</td>
      <td class="num">
        {failed > 0 ? (
          <a class="failed-text" href={runsOf(one, query, { result: "failed" })} onClick={followLink}>
            {(rate * 100).toFixed(rate < 0.1 ? 2 : 1)} %
          </a>
        ) : (
          <span class="quiet-text">{one.runs === 0 ? "–" : "0 %"}</span>
        )}
      </td>
      <td class="num">
        {percentiles?.duration_ms === undefined ? "–" : `${lengthText(percentiles.duration_ms.p50)} / `}
        {percentiles?.duration_ms !== undefined && <strong>{lengthText(percentiles.duration_ms.p95)}</strong>}
      </td>
      <td class="num">{one.mem_max_bytes === undefined ? "–" : memoryText(one.mem_max_bytes)}</td>
      <td class="functions-last">
        {last === undefined ? (
          ago(one.last_start_ms)
        ) : (
          <a
            href={runUrl({ ...last, FunctionName: one.function, Namespace: one.namespace, Region: one.region })}
            onClick={followLink}
            title={formatTime(last.StartTime, zone, { offset: true })}
          >
            {ago(last.StartTime)}
          </a>
        )}
        {mark === "failed" && last !== undefined && (
          <span class="failed-text functions-why">
            <Safe text={last.RetMsg.slice(0, 160)} />
          </span>
        )}
      </td>
      <td>
        {one.last_ok_ms === undefined ? (
          <span class="failed-text">{t(w.never)}</span>
        ) : (
          <span title={formatTime(one.last_ok_ms, zone, { offset: true })}>{ago(one.last_ok_ms)}</span>
        )}
      </td>
      <td class="num">
        {one.running > 0 ? (
          <a class="running-text" href={runsOf(one, query, { result: "running" })} onClick={followLink}>
            {number(one.running)}
          </a>
        ) : (
          <span class="quiet-text">0</span>
        )}
      </td>
    </tr>
  );
}

function Empty(): JSX.Element {
  const t = useText();
  return (
    <Nothing title={t(w.empty)}>
      <p>{t(w.empty_what)}</p>
      <pre class="code">{`runlog run --endpoint ${location.origin} --function hello -- echo hi`}</pre>
      <p class="quiet-text">{t(w.one_run)}</p>
    </Nothing>
  );
}
