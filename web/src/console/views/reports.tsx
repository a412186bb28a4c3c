// Reports: the decision first, then the figures that prove it, each linked to its runs, then the command line.

import type { JSX } from "preact";

import { CopyButton } from "../../shared/copy-button.tsx";
import { languageTag, useText } from "../../shared/i18n.ts";
import { followLink, go, place, withQuery } from "../../shared/location.ts";
import { useStore } from "../../shared/store.ts";
import { formatTime } from "../../shared/time.ts";
import type { Query } from "../../shared/api.ts";
import { useAnswer } from "../data/shown.ts";
import { lengthText, memoryText, spanOf, spanQuery } from "../query/span.ts";
import { Safe } from "../safe.tsx";
import { REPORTS, runUrl, urlOf, type ReportKind } from "../screen.ts";
import { Failed, Loading } from "../states.tsx";
import { common } from "../words.ts";
import { useZone } from "../zone.ts";
import {
  commandOf,
  loadReport,
  sortedDecisions,
  type Report,
  type Version,
  type VersionRow,
} from "./reports/report.ts";
import { scaleOf, Spread } from "./reports/spread.tsx";
import { reportWords as w } from "./reports/words.ts";
import "./reports.css";

/** Below so many runs a figure says little. */
const FEW_RUNS = 30;

const WHATS = {
  memory: w.memory_what,
  cold: w.cold_what,
  cost: w.cost_what,
  slow: w.slow_what,
  compare: w.compare_what,
} as const;

const OPTIONS: Readonly<Record<ReportKind, readonly string[]>> = {
  memory: [],
  cold: [],
  cost: ["price_gbs", "price_request"],
  slow: [],
  compare: ["a", "b"],
};

export function ReportsView({ screen }: { readonly screen: { readonly kind: ReportKind } }): JSX.Element {
  const t = useText();
  const { query } = useStore(place);
  const { kind } = screen;
  const ask: Record<string, string | undefined> = { ...spanQuery(spanOf(query)) };
  for (const name of ["function", "namespace", "as_of", ...OPTIONS[kind]]) ask[name] = query.get(name) ?? undefined;
  const given = Object.fromEntries(Object.entries(ask).filter(([, value]) => value !== undefined)) as Query;
  const isAsked = kind !== "compare" || (given.a !== undefined && given.b !== undefined);
  const loaded = useAnswer(isAsked ? `${kind} ${JSON.stringify(given)}` : undefined, (signal) =>
    loadReport(kind, given, signal),
  );
  const kept = Object.fromEntries(
    ["since", "from", "to", "window", "namespace", "function", "tz"].map((name) => [
      name,
      query.get(name) ?? undefined,
    ]),
  );
  return (
    <div class="reports">
      <nav class="segments report-kinds" aria-label={t(w.kinds)}>
        {REPORTS.map((one) => (
          <a
            key={one}
            class={one === kind ? "is-on" : ""}
            aria-current={one === kind ? "page" : undefined}
            href={urlOf(`/reports/${one}`, kept)}
            onClick={followLink}
          >
            {t(w[one])}
          </a>
        ))}
      </nav>
      <h1>{t(WHATS[kind])}</h1>
      {OPTIONS[kind].length > 0 && <OptionForm kind={kind} query={query} />}
      {!isAsked && <p class="quiet-text">{t(w.give_sides)}</p>}
      {loaded.error !== undefined && <Failed error={loaded.error} onRetry={loaded.reload} />}
      {isAsked && loaded.data === undefined && loaded.error === undefined && <Loading />}
      {isAsked && loaded.data !== undefined && <Found kind={kind} report={loaded.data} given={given} />}
    </div>
  );
}

function OptionForm({ kind, query }: { readonly kind: ReportKind; readonly query: URLSearchParams }): JSX.Element {
  const t = useText();
  const labels: Readonly<Record<string, string>> = {
    price_gbs: t(w.price_gbs),
    price_request: t(w.price_request),
    a: t(w.side_a),
    b: t(w.side_b),
  };
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const form = new FormData(event.currentTarget as HTMLFormElement);
    go(withQuery(Object.fromEntries(OPTIONS[kind].map((name) => [name, String(form.get(name) ?? "").trim()]))));
  };
  return (
    <form class="report-options" onSubmit={submit} key={kind}>
      {OPTIONS[kind].map((name) => (
        <label key={name} class="field">
          {labels[name]}
          <input
            type="text"
            name={name}
            class="mono"
            defaultValue={query.get(name) ?? ""}
            placeholder={kind === "compare" ? t(w.side_hint) : "0.000111"}
          />
        </label>
      ))}
      <button type="submit" class="button primary">
        {t(w.apply)}
      </button>
    </form>
  );
}

function Found({
  kind,
  report,
  given,
}: {
  readonly kind: ReportKind;
  readonly report: Report;
  readonly given: Query;
}): JSX.Element {
  const t = useText();
  const cli = report.cli ?? commandOf(kind, given);
  const isChinese = languageTag() === "zh-CN";
  const decisions = (isChinese ? report.decisions_zh : undefined) ?? report.decisions;
  const { acts, idle } = sortedDecisions(decisions);
  const isWithout = report.isPartial === true && kind !== "memory" && kind !== "slow";
  return (
    <>
      {report.isPartial === true ? (
        <p class="note warning">{t(isWithout ? w.no_route : w.partial)}</p>
      ) : (
        <section aria-labelledby="decisions">
          <h2 id="decisions">{t(w.decisions)}</h2>
          <ul class="decisions">
            {acts.map((text) => (
              <li key={text}>
                <Safe text={text} />
              </li>
            ))}
            {idle > 0 && (
              <li class="quiet-text">
                {t(kind === "cold" ? w.keep_cold : w.keep, { n: idle.toLocaleString(languageTag()) })}
              </li>
            )}
          </ul>
        </section>
      )}
      {!isWithout && report.versions !== undefined && <Versions kind={kind} rows={report.versions} />}
      {report.a !== undefined && report.b !== undefined && <Sides report={report} />}
      {report.slowest !== undefined && report.slowest.length > 0 && <Slowest report={report} />}
      {report.notes.length > 0 && (
        <section>
          <h2>{t(w.notes)}</h2>
          <ul class="quiet-text notes">
            {report.notes.map((note) => (
              <li key={note}>{note}</li>
            ))}
          </ul>
        </section>
      )}
      <section class="report-cli">
        <h2>{t(w.cli)}</h2>
        <pre class="code">{cli}</pre>
        <CopyButton text={cli} />
      </section>
    </>
  );
}

/** The runs of a version, with the window of the report. */
function runsUrl(version: Version, query: URLSearchParams, more: Readonly<Record<string, string>> = {}): string {
  const kept = Object.fromEntries(
    ["since", "from", "to", "window", "tz"].map((name) => [name, query.get(name) ?? undefined]),
  );
  return urlOf("/runs", {
    function: version.function,
    namespace: version.namespace,
    region: version.region,
    qualifier: version.qualifier,
    ...kept,
    ...more,
  });
}

const ROWS_MAX = 200;

function Versions({ kind, rows }: { readonly kind: ReportKind; readonly rows: readonly VersionRow[] }): JSX.Element {
  const t = useText();
  const { query } = useStore(place);
  if (rows.length === 0) return <p>{t(w.nothing)}</p>;
  const shown = [...rows].sort(compareRows(kind)).slice(0, ROWS_MAX);
  const number = (value: number): string => value.toLocaleString(languageTag(), { maximumFractionDigits: 2 });
  const memory = scaleOf(rows.flatMap(({ mem_bytes, limit_bytes }) => [mem_bytes?.p50, mem_bytes?.max, limit_bytes]));
  const time = scaleOf(
    rows.flatMap(({ duration_us, ok_before_us }) => [duration_us?.p50, duration_us?.max, ok_before_us?.p50]),
  );
  const us = (value: number): string => lengthText(value / 1000);
  const dash = <span class="quiet-text">–</span>;
  const columns: readonly (readonly [string, (row: VersionRow) => JSX.Element | string, boolean])[] = (
    {
      memory: [
        [
          t(w.spread),
          (row: VersionRow) =>
            row.mem_bytes ? (
              <Spread
                ranks={row.mem_bytes}
                {...memory}
                isFew={row.runs < FEW_RUNS}
                limit={row.limit_bytes ?? undefined}
                label={spreadLabel(row.mem_bytes, memoryText)}
              />
            ) : (
              dash
            ),
          false,
        ],
        [t(w.max), (row: VersionRow) => (row.mem_bytes ? memoryText(row.mem_bytes.max) : dash), true],
        [t(w.limit), (row: VersionRow) => (row.limit_bytes ? memoryText(row.limit_bytes) : dash), true],
        [
          t(w.set_to),
          (row: VersionRow) => (row.set_mb ? <strong class="warning-text">{`${number(row.set_mb)} MB`}</strong> : dash),
          true,
        ],
        [
          t(w.killed),
          (row: VersionRow) =>
            (row.killed ?? 0) > 0 ? <span class="failed-text">{number(row.killed ?? 0)}</span> : "0",
          true,
        ],
      ],
      cold: [
        [t(w.share), (row: VersionRow) => `${number((row.share ?? 0) * 100)} %`, true],
        [t(w.median), (row: VersionRow) => (row.cold_us ? us(row.cold_us.p50) : dash), true],
        [t(w.p95), (row: VersionRow) => (row.cold_us ? us(row.cold_us.p95) : dash), true],
        [t(w.waited), (row: VersionRow) => us(row.waited_us ?? 0), true],
      ],
      cost: [
        [t(w.gbs), (row: VersionRow) => number(row.gbs ?? 0), true],
        [
          t(w.money),
          (row: VersionRow) => (row.cost ?? 0).toLocaleString(languageTag(), { maximumSignificantDigits: 4 }),
          true,
        ],
        [t(w.failed_gbs), (row: VersionRow) => number(row.failed_gbs ?? 0), true],
      ],
      slow: [
        [
          t(w.spread),
          (row: VersionRow) =>
            row.duration_us ? (
              <Spread
                ranks={row.duration_us}
                {...time}
                isFew={row.runs < FEW_RUNS}
                before={row.ok_before_us?.p50}
                label={spreadLabel(row.duration_us, us)}
              />
            ) : (
              dash
            ),
          false,
        ],
        [t(w.p50), (row: VersionRow) => (row.duration_us ? us(row.duration_us.p50) : dash), true],
        [t(w.before), (row: VersionRow) => (row.ok_before_us ? us(row.ok_before_us.p50) : dash), true],
        [t(w.p95), (row: VersionRow) => (row.duration_us ? us(row.duration_us.p95) : dash), true],
        [
          t(w.change),
          (row: VersionRow) =>
            typeof row.change === "number" ? (
              <span
                class={row.is_slower === true ? "failed-text" : ""}
              >{`${row.change > 0 ? "+" : ""}${number(row.change * 100)} %`}</span>
            ) : (
              dash
            ),
          true,
        ],
      ],
      compare: [],
    } as const
  )[kind];
  return (
    <section aria-labelledby="evidence">
      <h2 id="evidence">{t(w.evidence)}</h2>
      <div class="wide">
        <table class="table report-table">
          <thead>
            <tr>
              <th scope="col">{t(w.version)}</th>
              <th scope="col" class="num">
                {t(w.n)}
              </th>
              {columns.map(([name, , isNumber]) => (
                <th key={name} scope="col" class={isNumber ? "num" : ""}>
                  {name}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {shown.map((row) => (
              <tr
                key={Object.values(row.version).join("/")}
                class={row.runs < FEW_RUNS ? "is-few" : ""}
                title={row.runs < FEW_RUNS ? t(w.few) : undefined}
              >
                <td>
                  <a
                    href={runsUrl(
                      row.version,
                      query,
                      kind === "memory" ? { sort: "mem_usage:desc" } : { sort: "duration:desc" },
                    )}
                    onClick={followLink}
                  >
                    <Safe text={row.version.function} />
                  </a>{" "}
                  <span class="quiet-text">
                    {row.version.namespace !== "default" && `${row.version.namespace} · `}
                    {row.version.qualifier}
                  </span>
                </td>
                <td class="num">{number(row.runs)}</td>
                {columns.map(([name, draw, isNumber]) => (
                  <td key={name} class={isNumber ? "num" : ""}>
                    {draw(row)}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function spreadLabel(
  ranks: { readonly p50: number; readonly p95: number; readonly max: number },
  text: (value: number) => string,
): string {
  return `p50 ${text(ranks.p50)} · p95 ${text(ranks.p95)} · max ${text(ranks.max)}`;
}

/** What needs a decision first, then the largest. */
function compareRows(kind: ReportKind): (a: VersionRow, b: VersionRow) => number {
  const weight = (row: VersionRow): number => {
    if (kind === "memory") return (row.set_mb ? 1e15 : 0) + (row.mem_bytes?.max ?? 0);
    if (kind === "cold") return row.waited_us ?? 0;
    if (kind === "cost") return row.cost ?? row.gbs ?? 0;
    return (row.is_slower === true ? 1e15 : 0) + (row.duration_us?.p95 ?? 0);
  };
  return (a, b) => weight(b) - weight(a);
}

function Sides({ report }: { readonly report: Report }): JSX.Element {
  const t = useText();
  const us = (value: number | undefined): string => (value === undefined ? "–" : lengthText(value / 1000));
  const sides = [report.a, report.b].filter((side) => side !== undefined);
  const scale = scaleOf(sides.flatMap(({ ok_us }) => [ok_us?.p50, ok_us?.max]));
  return (
    <section>
      <h2>{t(w.evidence)}</h2>
      <table class="table report-table">
        <thead>
          <tr>
            <th scope="col" />
            <th scope="col" class="num">
              {t(w.n)}
            </th>
            <th scope="col" class="num">
              {t(w.error_rate)}
            </th>
            <th scope="col">{t(w.spread)}</th>
            <th scope="col" class="num">
              {t(w.p50)}
            </th>
            <th scope="col" class="num">
              {t(w.p95)}
            </th>
          </tr>
        </thead>
        <tbody>
          {sides.map((side, at) => (
            <tr key={at}>
              <th scope="row">
                {t(at === 0 ? w.side_a : w.side_b)} <Safe text={side.what} />
              </th>
              <td class="num">{side.runs.toLocaleString(languageTag())}</td>
              <td class="num">{side.runs === 0 ? "–" : `${((side.failed / side.runs) * 100).toFixed(2)} %`}</td>
              <td>
                {side.ok_us && (
                  <Spread
                    ranks={side.ok_us}
                    {...scale}
                    isFew={side.runs < FEW_RUNS}
                    label={spreadLabel(side.ok_us, us)}
                  />
                )}
              </td>
              <td class="num">{us(side.ok_us?.p50)}</td>
              <td class="num">{us(side.ok_us?.p95)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {report.difference !== undefined && report.difference.p !== null && (
        <p class="quiet-text num">
          {t(w.change)} {report.difference.change === null ? "–" : `${(report.difference.change * 100).toFixed(1)} %`} ·{" "}
          {t(w.probability)} {report.difference.p.toPrecision(3)}
        </p>
      )}
    </section>
  );
}

function Slowest({ report }: { readonly report: Report }): JSX.Element {
  const t = useText();
  const zone = useZone();
  return (
    <section>
      <h2>{t(w.slowest)}</h2>
      <div class="wide">
        <table class="table report-table">
          <tbody>
            {report.slowest?.map((run) => (
              <tr key={run.request_id}>
                <td class="num">{lengthText(run.duration_us / 1000)}</td>
                <td>
                  <a
                    href={runUrl({
                      RequestId: run.request_id,
                      FunctionName: run.version.function,
                      Namespace: run.version.namespace,
                      Region: run.version.region,
                      RetryNum: 0,
                    })}
                    onClick={followLink}
                  >
                    <Safe text={run.version.function} />
                  </a>
                </td>
                <td class="num">{formatTime(run.start_ms, zone, { offset: true })}</td>
                <td class={run.ret_code === 0 ? "" : "failed-text"}>
                  {t(common.code)} {run.ret_code}
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}
