// What there is to know of a run beside its output: state and reason, time and memory against what is usual.

import type { JSX } from "preact";

import { languageTag, useText } from "../../../shared/i18n.ts";
import { formatTime } from "../../../shared/time.ts";
import { CopyButton } from "../../../shared/copy-button.tsx";
import { stateOf, type Percentiles, type Run } from "../../data/api.ts";
import { Glyph, MARK_WORDS } from "../../glyph.tsx";
import { lengthText, memoryText } from "../../query/span.ts";
import { common } from "../../words.ts";
import { Clock } from "../runs/row.tsx";
import { runWords as w } from "./words.ts";
import { Safe } from "../../safe.tsx";

/** The configured memory that the platform's last line of an output says, in bytes. */
export function memoryLimit(log: string): number | undefined {
  const match = /(?:Report RequestId:[^\n]*\bMemory:|REPORT RequestId:[^\n]*Memory Size: )(\d+) ?MB/.exec(
    log.slice(-4096),
  );
  return match === null ? undefined : Number(match[1]) * 1_048_576;
}

interface Props {
  readonly run: Run;
  readonly zone: string;
  readonly usual: Percentiles | undefined;
  readonly limit_bytes: number | undefined;
}

/** The first lines of a run: result, reason, start, duration, memory. */
export function Facts({ run, zone, usual, limit_bytes }: Props): JSX.Element {
  const t = useText();
  const state = stateOf(run);
  const duration = usual?.duration_ms;
  const slower =
    duration !== undefined && state !== "running" && run.Duration > duration.p95
      ? run.Duration / duration.p95
      : undefined;
  return (
    <div class="facts">
      <span class={`fact-state ${state}`}>
        <Glyph mark={state} />
        <strong>{t(run.RetCode === 3 ? common.interrupted : MARK_WORDS[state])}</strong>
        {state === "failed" && (
          <span>
            {t(w.why_code, { code: run.RetCode })}
            {run.ExitCode !== undefined && ` · ${t(w.exit_code, { code: run.ExitCode })}`}
          </span>
        )}
      </span>
      <span class="fact num">{formatTime(run.StartTime, zone, { millis: true, offset: true })}</span>
      <span class="fact num">
        {state === "running" ? (
          <>
            {t(w.since_start)} <Clock start_ms={run.StartTime} />
          </>
        ) : (
          <strong class={slower === undefined ? "" : "warning-text"}>{lengthText(run.Duration)}</strong>
        )}
        {duration !== undefined && (
          <span class="quiet-text">
            {slower !== undefined && slower >= 1.1 && ` ${t(w.slower, { factor: slower.toFixed(1) })} ·`}{" "}
            {t(w.usual, { p50: lengthText(duration.p50), p95: lengthText(duration.p95) })}
          </span>
        )}
      </span>
      {run.MemUsage > 0 && (
        <span class="fact num">
          <strong class={limit_bytes !== undefined && run.MemUsage >= limit_bytes * 0.95 ? "warning-text" : ""}>
            {memoryText(run.MemUsage)}
          </strong>{" "}
          {limit_bytes !== undefined && (
            <span class="quiet-text">
              {t(w.of_limit, { limit: memoryText(limit_bytes), share: Math.round((run.MemUsage / limit_bytes) * 100) })}
            </span>
          )}
        </span>
      )}
    </div>
  );
}

/** Every field, for reading and for copying. */
export function Details({ run, zone }: { readonly run: Run; readonly zone: string }): JSX.Element {
  const t = useText();
  const rows: readonly (readonly [string, string | undefined])[] = [
    [t(common.request_id), run.RequestId],
    [t(common.function), run.FunctionName],
    [t(common.namespace), run.Namespace],
    [t(common.version), run.Qualifier],
    [t(common.region), run.Region],
    [t(common.start), formatTime(run.StartTime, zone, { millis: true, offset: true })],
    [t(common.duration), `${run.Duration.toLocaleString(languageTag())} ms`],
    [t(w.billed), `${run.BillDuration.toLocaleString(languageTag())} ms`],
    [
      t(common.memory),
      run.MemUsage === 0 ? undefined : `${memoryText(run.MemUsage)} (${run.MemUsage.toLocaleString(languageTag())} B)`,
    ],
    [t(common.code), String(run.RetCode)],
    [t(w.exit_code, { code: "" }).trim(), run.ExitCode === undefined ? undefined : String(run.ExitCode)],
    [t(w.finished_by), t(run.InvokeFinished === 1 ? w.yes : w.no)],
    [t(w.attempts), String(run.RetryNum + 1)],
    [t(w.level), run.Level],
    [t(w.source), run.Source],
    [t(w.seq), `#${run.Seq.toLocaleString(languageTag())}`],
  ];
  return (
    <div class="details">
      <dl>
        {rows
          .filter(([, value]) => value !== undefined && value !== "")
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd>
                <Safe text={value ?? ""} />
              </dd>
            </div>
          ))}
      </dl>
      {run.RetMsg !== "" && (
        <>
          <h3>{t(stateOf(run) === "failed" ? common.message : w.return_value)}</h3>
          <pre class="code">
            <Safe text={pretty(run.RetMsg)} />
          </pre>
          <CopyButton text={run.RetMsg} />
        </>
      )}
    </div>
  );
}

function pretty(text: string): string {
  if (text.length > 65_536) return text.slice(0, 65_536);
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" ? JSON.stringify(value, null, 2) : text;
  } catch {
    return text;
  }
}

/** The run as the API answers it. */
export function RawJson({ run, log }: { readonly run: Run; readonly log: string | undefined }): JSX.Element {
  const SHOWN_MAX = 65_536;
  const text = JSON.stringify(log === undefined ? run : { ...run, Log: log }, null, 2);
  return (
    <div class="raw-json">
      <CopyButton text={text} />
      <pre class="code">{text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text}</pre>
    </div>
  );
}
