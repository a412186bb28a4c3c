// One run: what came of it, and all that it printed.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { CopyButton } from "../../shared/copy-button.tsx";
import { useText } from "../../shared/i18n.ts";
import { correct, followLink, go, place, withQuery, type Place } from "../../shared/location.ts";
import { setTitle } from "../../shared/page.tsx";
import { useStore } from "../../shared/store.ts";
import { stateOf, type Run } from "../data/api.ts";
import { useKeys } from "../keys.ts";
import { DEFAULT_OPTIONS, LogViewer, type ViewOptions } from "../log/viewer.tsx";
import { compareUrl, runUrl, urlOf } from "../screen.ts";
import { Failed, Loading } from "../states.tsx";
import { useZone } from "../zone.ts";
import { Details, Facts, memoryLimit, RawJson } from "./run/facts.tsx";
import { useLastSuccess, useRun, useUsual } from "./run/load.ts";
import { runWords as w } from "./run/words.ts";
import { Safe } from "../safe.tsx";
import "./run.css";
import "./runs.css";

export function RunView({ screen }: { readonly screen: { readonly request_id: string } }): JSX.Element {
  const t = useText();
  const at = useStore(place);
  const zone = useZone();
  const text = (name: string): string | undefined => at.query.get(name) ?? undefined;
  const attempt = text("attempt") === undefined ? undefined : Number(text("attempt"));
  const key = {
    request_id: screen.request_id,
    function: text("function"),
    namespace: text("namespace"),
    region: text("region"),
  };
  const { data, live, error, reload } = useRun(key, attempt);
  const whole = live ?? data;
  const run = whole?.run;
  const usual = useUsual(run);
  const lastOk = useLastSuccess(run);
  const [side, setSide] = useState<"details" | "json" | undefined>(window.innerWidth >= 1280 ? "details" : undefined);
  const options = optionsOf(at.query);
  useEffect(() => setTitle(run === undefined ? screen.request_id : run.FunctionName), [run?.FunctionName]);
  const goRun = (to: Run | undefined): unknown => (to === undefined ? false : go(runUrl(to)));
  useKeys({
    "[": () => goRun(whole?.previous),
    "]": () => goRun(whole?.next),
    d: () => (run !== undefined && lastOk ? go(compareUrl(lastOk, run)) : false),
    Escape: () => history.back(),
  });
  if (whole === undefined || run === undefined)
    return error === undefined ? <Loading /> : <Failed error={error} onRetry={reload} />;
  const state = stateOf(run);
  const cut = /^.{0,80}(?:log|output) (?:was )?(?:truncated|cut)\b.{0,120}$/im.exec(whole.text.slice(-2000))?.[0];
  return (
    <div class={`run ${side === undefined ? "" : "has-side"}`}>
      <header class="run-top">
        <div class="run-title">
          <h1>
            <a
              href={urlOf("/runs", { function: run.FunctionName, namespace: run.Namespace, region: run.Region })}
              onClick={followLink}
              title={t(w.runs_of)}
            >
              <Safe text={run.FunctionName} />
            </a>
          </h1>
          <span class="quiet-text run-of">
            <Safe text={run.Namespace} /> · <Safe text={run.Qualifier} />
            {run.Region !== "" && (
              <>
                {" · "}
                <Safe text={run.Region} />
              </>
            )}
          </span>
          <code class="run-id">
            <Safe text={run.RequestId} />
          </code>
          <CopyButton text={run.RequestId} />
          <nav class="run-moves">
            <Move to={whole.previous} label={t(w.previous)} sign="‹" keyName="[" />
            <Move to={whole.next} label={t(w.next)} sign="›" keyName="]" />
            {lastOk && (
              <a class="button small" href={compareUrl(lastOk, run)} onClick={followLink} title="d">
                {t(w.compare)}
              </a>
            )}
            <CopyAs run={run} />
            {(["details", "json"] as const).map((one) => (
              <button
                key={one}
                type="button"
                class="button small quiet"
                aria-pressed={side === one}
                onClick={() => setSide(side === one ? undefined : one)}
              >
                {t(w[one])}
              </button>
            ))}
          </nav>
        </div>
        <Facts run={run} zone={zone} usual={usual} limit_bytes={memoryLimit(whole.text)} />
        {state === "failed" && run.RetMsg !== "" && (
          <p class="panel-why mono">
            <Safe text={run.RetMsg.slice(0, 1000)} />
          </p>
        )}
        {whole.runs.length > 1 && <Attempts runs={whole.runs} shown={run} />}
        {cut !== undefined && <p class="note warning">{t(w.cut_by_sender, { line: cut.trim() })}</p>}
      </header>
      <div class="run-body">
        <LogViewer
          key={run.RetryNum}
          text={whole.text}
          zone={zone}
          options={options}
          onOptions={(changes) => setOptions(at, { ...options, ...changes })}
          hash={at.hash}
          onHash={(hash) => correct(withQuery({}, { ...at, hash: hash.slice(1) }))}
          begin={state === "failed" ? "trouble" : state === "running" ? "end" : "top"}
          isRunning={state === "running"}
          isCompact={false}
          name={`${run.FunctionName}-${run.RequestId}`}
        />
        {side !== undefined && (
          <aside class="run-side">
            {side === "details" ? <Details run={run} zone={zone} /> : <RawJson run={run} log={whole.text} />}
          </aside>
        )}
      </div>
    </div>
  );
}

function Move({
  to,
  label,
  sign,
  keyName,
}: {
  readonly to: Run | undefined;
  readonly label: string;
  readonly sign: string;
  readonly keyName: string;
}): JSX.Element {
  if (to === undefined) {
    return (
      <button type="button" class="button small" disabled aria-label={label}>
        {sign}
      </button>
    );
  }
  return (
    <a class="button small" href={runUrl(to)} onClick={followLink} aria-label={label} title={`${label} (${keyName})`}>
      {sign}
    </a>
  );
}

function Attempts({ runs, shown }: { readonly runs: readonly Run[]; readonly shown: Run }): JSX.Element {
  const t = useText();
  return (
    <nav class="run-attempts" aria-label={t(w.attempts)}>
      {runs.map((run) => (
        <a
          key={run.RetryNum}
          class={`chip is-${stateOf(run)}`}
          aria-current={run.RetryNum === shown.RetryNum ? "true" : undefined}
          href={withQuery({ attempt: String(run.RetryNum) })}
          onClick={followLink}
        >
          {t(w.attempt, { n: run.RetryNum + 1 })}
        </a>
      ))}
      <a class="button small quiet" href={compareUrl(runs[0] as Run, runs.at(-1) as Run)} onClick={followLink}>
        {t(w.compare_attempts)}
      </a>
    </nav>
  );
}

function CopyAs({ run }: { readonly run: Run }): JSX.Element {
  const t = useText();
  const { origin } = window.location;
  const path = `/api/v1/runs/${encodeURIComponent(run.RequestId)}?${new URLSearchParams({ function: run.FunctionName, namespace: run.Namespace }).toString()}`;
  const quoted = (text: string): string => `'${text.replaceAll("'", `'\\''`)}'`;
  const curl = `curl -u "$SECRET_ID:$SECRET_KEY" ${quoted(origin + path)}`;
  const cli = `runlog show ${quoted(run.RequestId)} --function ${quoted(run.FunctionName)} --namespace ${quoted(run.Namespace)} --endpoint ${quoted(origin)}`;
  const sdk = `/explorer?${new URLSearchParams({ Product: "scf", Version: "2018-04-16", Action: "GetFunctionLogs", FunctionName: run.FunctionName, Namespace: run.Namespace, FunctionRequestId: run.RequestId, tab: "code" }).toString()}`;
  return (
    <details class="account">
      <summary class="button small quiet">
        {t(w.copy_as)} <span aria-hidden="true">▾</span>
      </summary>
      <div class="popover account-menu copy-as">
        <pre class="code">{curl}</pre>
        <CopyButton text={curl} label={t(w.copy_curl)} />
        <pre class="code">{cli}</pre>
        <CopyButton text={cli} label={t(w.copy_cli)} />
        <a href={sdk}>{t(w.sdk)}</a>
      </div>
    </details>
  );
}

/** How the output is shown is part of the URL, so that a link shows the same. */
function optionsOf(query: URLSearchParams): ViewOptions {
  const time = query.get("time");
  return {
    ...DEFAULT_OPTIONS,
    find: query.get("find") ?? "",
    isExpression: query.get("re") === "1",
    isCaseSensitive: query.get("case") === "1",
    isOnly: query.get("only") === "1",
    isWrapped: query.get("wrap") !== "0",
    isRaw: query.get("raw") === "1",
    time: time === "clock" || time === "since" ? time : "none",
  };
}

function setOptions(at: Place, options: ViewOptions): void {
  const flag = (isOn: boolean): string | undefined => (isOn ? "1" : undefined);
  correct(
    withQuery(
      {
        find: options.find,
        re: flag(options.isExpression),
        case: flag(options.isCaseSensitive),
        only: flag(options.isOnly),
        wrap: options.isWrapped ? undefined : "0",
        raw: flag(options.isRaw),
        time: options.time === "none" ? undefined : options.time,
      },
      at,
    ),
  );
}
