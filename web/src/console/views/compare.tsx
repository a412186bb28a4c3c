// Two runs beside each other: the fields that differ, then their outputs.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { languageTag, useText } from "../../shared/i18n.ts";
import { correct, followLink, go, place, withQuery } from "../../shared/location.ts";
import { useStore } from "../../shared/store.ts";
import { formatTime } from "../../shared/time.ts";
import { startWorker } from "../../shared/trusted.ts";
import { loadLog, loadRun, loadRuns, stateOf, type Basis, type Run } from "../data/api.ts";
import { useAnswer } from "../data/shown.ts";
import { Glyph } from "../glyph.tsx";
import { useKeys } from "../keys.ts";
import { VirtualList, type ListControl } from "../list/virtual.tsx";
import { lengthText, memoryText } from "../query/span.ts";
import { Safe } from "../safe.tsx";
import { runOf, runUrl, runWord, urlOf } from "../screen.ts";
import { Failed, Loading } from "../states.tsx";
import { common } from "../words.ts";
import { useZone } from "../zone.ts";
import { changedPart, rowsOf, type Difference, type DiffRow } from "./compare/diff.ts";
import type { Asked } from "./compare/diff.worker.ts";
import workerUrl from "./compare/diff.worker.ts?worker&url";
import type { Masks } from "./compare/masks.ts";
import { compareWords as w } from "./compare/words.ts";
import "./compare.css";

interface Side {
  readonly run: Run;
  readonly text: string;
}

interface Pair {
  readonly a: Side;
  readonly b: Side;
}

export function CompareView(): JSX.Element {
  const { query } = useStore(place);
  const [a, b] = [query.get("a"), query.get("b")];
  return a === null || a === "" ? (
    <Choose />
  ) : (
    <Compared a={a} b={b} masks={{ times: query.get("times") !== "1", ids: query.get("ids") !== "1" }} />
  );
}

function Choose(): JSX.Element {
  const t = useText();
  const submit = (event: SubmitEvent): void => {
    event.preventDefault();
    const given = new FormData(event.currentTarget as HTMLFormElement);
    const word = (name: string): string => encodeURIComponent(String(given.get(name) ?? "").trim());
    go(urlOf("/compare", { a: word("a"), b: word("b") }));
  };
  return (
    <div class="state">
      <h1>{t(w.title)}</h1>
      <p>{t(w.choose)}</p>
      <a class="button primary" href="/console/runs" onClick={followLink}>
        {t(w.to_runs)}
      </a>
      <form class="compare-form" onSubmit={submit}>
        <p class="quiet-text">{t(w.pair)}</p>
        <input type="text" class="mono" name="a" required aria-label={`A ${t(common.request_id)}`} placeholder="A" />
        <input type="text" class="mono" name="b" aria-label={`B ${t(common.request_id)}`} placeholder="B" />
        <button type="submit" class="button">
          {t(w.compare)}
        </button>
      </form>
    </div>
  );
}

async function loadSide(word: string, signal: AbortSignal): Promise<Side> {
  const name = runOf(word);
  if (name === undefined) throw new Error(word);
  const some = (text: string): string | undefined => (text === "" ? undefined : text);
  const key = {
    request_id: name.RequestId,
    function: some(name.FunctionName),
    namespace: some(name.Namespace),
    region: some(name.Region),
  };
  const { runs } = await loadRun(key, signal);
  const run =
    (name.FunctionName === "" ? undefined : runs.find(({ RetryNum }) => RetryNum === name.RetryNum)) ?? runs.at(-1);
  if (run === undefined) throw new Error(name.RequestId);
  return { run, text: (await loadLog(run, signal)).text };
}

/** The last success before a run, where no second run was named. */
async function loadBefore(run: Run, signal: AbortSignal): Promise<Side | undefined> {
  const of = {
    function: run.FunctionName,
    namespace: run.Namespace,
    region: run.Region === "" ? undefined : run.Region,
  };
  const { runs } = await loadRuns({ ...of, to: new Date(run.StartTime).toISOString(), result: "ok", limit: 1 }, signal);
  return runs[0] === undefined ? undefined : { run: runs[0], text: (await loadLog(runs[0], signal)).text };
}

async function loadPair(a: string, b: string | null, signal: AbortSignal): Promise<Pair> {
  if (b !== null && b !== "") {
    const [first, second] = await Promise.all([loadSide(a, signal), loadSide(b, signal)]);
    return { a: first, b: second };
  }
  const one = await loadSide(a, signal);
  return { a: (await loadBefore(one.run, signal)) ?? one, b: one };
}

function Compared({
  a,
  b,
  masks,
}: {
  readonly a: string;
  readonly b: string | null;
  readonly masks: Masks;
}): JSX.Element {
  const t = useText();
  const loaded = useAnswer<Pair & Partial<Basis>>(JSON.stringify([a, b]), (signal) => loadPair(a, b, signal));
  const { data, error } = loaded;
  const diff = useDifference(data, masks);
  if (data === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={loaded.reload} />;
  const number = (value: number): string => value.toLocaleString(languageTag());
  const changes = diff?.blocks.filter(({ kind }) => kind === "changed") ?? [];
  const [removed, added] = [
    changes.reduce((sum, { aCount }) => sum + aCount, 0),
    changes.reduce((sum, { bCount }) => sum + bCount, 0),
  ];
  const isMasked = masks.times || masks.ids;
  return (
    <div class="compare">
      <header class="compare-top">
        <Heads pair={data} />
        <Fields pair={data} />
        <div class="compare-tools">
          <strong>{t(w.output)}</strong>
          <span role="status" class="num">
            {diff === undefined
              ? t(w.comparing)
              : changes.length === 0
                ? t(isMasked ? w.same_masked : w.same)
                : t(w.changed, { a: number(removed), b: number(added) })}
          </span>
          {diff?.isRough === true && <span class="warning-text">{t(w.rough)}</span>}
          <label class="check">
            <input
              type="checkbox"
              checked={masks.times}
              onChange={() => correct(withQuery({ times: masks.times ? "1" : undefined }))}
            />
            {t(w.mask_times)}
          </label>
          <label class="check">
            <input
              type="checkbox"
              checked={masks.ids}
              onChange={() => correct(withQuery({ ids: masks.ids ? "1" : undefined }))}
            />
            {t(w.mask_ids)}
          </label>
          <button
            type="button"
            class="button small quiet"
            onClick={() => go(withQuery({ a: runWord(data.b.run), b: runWord(data.a.run) }))}
          >
            {t(w.swap)}
          </button>
        </div>
      </header>
      {diff !== undefined && <Rows diff={diff} />}
    </div>
  );
}

function useDifference(pair: Pair | undefined, masks: Masks): Difference | undefined {
  const [found, setFound] = useState<Difference>();
  useEffect(() => {
    if (pair === undefined) return undefined;
    const worker = startWorker(workerUrl);
    worker.onmessage = ({ data }: MessageEvent<Difference>) => setFound(data);
    worker.postMessage({ a: pair.a.text, b: pair.b.text, masks } satisfies Asked);
    return () => worker.terminate();
  }, [pair, masks.times, masks.ids]);
  return found;
}

function Heads({ pair }: { readonly pair: Pair }): JSX.Element {
  const zone = useZone();
  return (
    <div class="compare-heads">
      {(["a", "b"] as const).map((side) => {
        const { run } = pair[side];
        return (
          <div key={side} class={`compare-head is-${side}`}>
            <span class="tag">{side.toUpperCase()}</span>
            <Glyph mark={stateOf(run)} isNamed />
            <a href={runUrl(run)} onClick={followLink}>
              <strong>
                <Safe text={run.FunctionName} />
              </strong>
            </a>
            <span class="quiet-text num">{formatTime(run.StartTime, zone, { offset: true })}</span>
            <code class="quiet-text">
              <Safe text={run.RequestId} />
              {run.RetryNum > 0 && ` #${run.RetryNum + 1}`}
            </code>
          </div>
        );
      })}
    </div>
  );
}

function Fields({ pair }: { readonly pair: Pair }): JSX.Element {
  const t = useText();
  const [a, b] = [pair.a.run, pair.b.run];
  const share = (x: number, y: number): string =>
    x === 0 ? "" : ` (${y >= x ? "+" : "−"}${Math.abs(((y - x) / x) * 100).toFixed(y === x ? 0 : 1)} %)`;
  const signed = (delta: number, text: (size: number) => string): string =>
    `${delta >= 0 ? "+" : "−"}${text(Math.abs(delta))}`;
  const rows: [string, string, string, string][] = [];
  const plain = (name: string, x: string, y: string): void => void (x !== y && rows.push([name, x, y, ""]));
  plain(t(common.function), a.FunctionName, b.FunctionName);
  plain(t(common.namespace), a.Namespace, b.Namespace);
  plain(t(common.region), a.Region, b.Region);
  plain(t(common.version), a.Qualifier, b.Qualifier);
  if (a.Duration !== b.Duration)
    rows.push([
      t(common.duration),
      lengthText(a.Duration),
      lengthText(b.Duration),
      signed(b.Duration - a.Duration, lengthText) + share(a.Duration, b.Duration),
    ]);
  if (a.MemUsage !== b.MemUsage)
    rows.push([
      t(common.memory),
      memoryText(a.MemUsage),
      memoryText(b.MemUsage),
      signed(b.MemUsage - a.MemUsage, memoryText) + share(a.MemUsage, b.MemUsage),
    ]);
  plain(t(common.code), String(a.RetCode), String(b.RetCode));
  plain(t(common.message), a.RetMsg.slice(0, 200), b.RetMsg.slice(0, 200));
  if (rows.length === 0) return <p class="quiet-text">{t(w.none)}</p>;
  return (
    <table class="compare-fields">
      <caption class="visually-hidden">{t(w.fields)}</caption>
      <thead>
        <tr>
          <th scope="col">{t(w.field)}</th>
          <th scope="col">A</th>
          <th scope="col">B</th>
          <th scope="col">{t(w.change)}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(([name, x, y, delta]) => (
          <tr key={name}>
            <th scope="row">{name}</th>
            <td>
              <Safe text={x} />
            </td>
            <td>
              <Safe text={y} />
            </td>
            <td class="num">{delta}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

const ROW_PX = 20;
const SHOWN_MAX = 2000;

function Rows({ diff }: { readonly diff: Difference }): JSX.Element {
  const t = useText();
  const [unfolded, setUnfolded] = useState<ReadonlySet<number>>(new Set());
  const [isSplit, setSplit] = useState(window.innerWidth >= 1280);
  const list = useRef<ListControl>(null);
  useEffect(() => {
    const listen = (): void => setSplit(window.innerWidth >= 1280);
    window.addEventListener("resize", listen);
    return () => window.removeEventListener("resize", listen);
  }, []);
  useEffect(() => setUnfolded(new Set()), [diff]);
  const rows = useMemo(() => rowsOf(diff.blocks, isSplit, unfolded), [diff, isSplit, unfolded]);
  const step = (direction: 1 | -1): void => {
    const isStart = (at: number): boolean => rows[at]?.kind === "changed" && rows[at - 1]?.kind !== "changed";
    const here = Math.round(((list.current?.top() ?? 0) + (list.current?.frame.view_px ?? 0) / 2) / ROW_PX);
    for (let at = here + direction; at >= 0 && at < rows.length; at += direction) {
      if (!isStart(at)) continue;
      list.current?.show(at, true);
      return;
    }
  };
  useKeys({
    n: () => step(1),
    N: () => step(-1),
    g: () => list.current?.scrollTo(0),
    G: () => list.current?.scrollTo(Number.MAX_SAFE_INTEGER),
  });
  const width = { width: `${String(Math.max(diff.a.length, diff.b.length)).length + 1}ch` };
  const cell = (
    line: number | undefined,
    lines: readonly string[],
    other: string | undefined,
    name: string,
  ): JSX.Element => {
    const text = line === undefined ? "" : (lines[line] ?? "");
    const part = other === undefined || line === undefined ? undefined : changedPart(text, other);
    const shown = text.slice(0, SHOWN_MAX);
    return (
      <span class={`diff-cell ${line === undefined ? "is-none" : name}`}>
        <span class="log-number" style={width}>
          {line === undefined ? "" : line + 1}
        </span>
        <span class="diff-sign" aria-hidden="true">
          {line === undefined || name === "" ? " " : name === "is-removed" ? "−" : "+"}
        </span>
        <span class="diff-text">
          {part === undefined || part.from >= part.to ? (
            <Safe text={shown} />
          ) : (
            <>
              <Safe text={shown.slice(0, part.from)} />
              <em class="diff-part">
                <Safe text={shown.slice(part.from, part.to)} />
              </em>
              <Safe text={shown.slice(part.to)} />
            </>
          )}
        </span>
      </span>
    );
  };
  const draw = (at: number): JSX.Element | null => {
    const row: DiffRow | undefined = rows[at];
    if (row === undefined) return null;
    if (row.kind === "fold") {
      return (
        <button
          key={at}
          type="button"
          class="diff-row diff-fold"
          onClick={() => setUnfolded(new Set(unfolded).add(row.block))}
        >
          ⋯ {t(w.fold, { n: row.lines.toLocaleString(languageTag()) })}
        </button>
      );
    }
    const textA = row.a === undefined ? undefined : diff.a[row.a];
    const textB = row.b === undefined ? undefined : diff.b[row.b];
    const isChanged = row.kind === "changed";
    if (isSplit) {
      return (
        <div key={at} class="diff-row is-split">
          {cell(row.a, diff.a, isChanged ? textB : undefined, isChanged ? "is-removed" : "")}
          {cell(row.b, diff.b, isChanged ? textA : undefined, isChanged ? "is-added" : "")}
        </div>
      );
    }
    return (
      <div key={at} class="diff-row">
        {row.a !== undefined
          ? cell(row.a, diff.a, undefined, isChanged ? "is-removed" : "")
          : cell(row.b, diff.b, undefined, "is-added")}
      </div>
    );
  };
  return (
    <div class="diff-body">
      <VirtualList
        rows={rows.length}
        row_px={ROW_PX}
        class={`diff-rows ${isSplit ? "is-split" : ""}`}
        control={list}
        attributes={{ tabIndex: 0, role: "region", "aria-label": t(w.output) }}
        draw={draw}
      />
    </div>
  );
}
