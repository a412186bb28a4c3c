// The server: whether it works, what it stores, how fast runs arrive, and which keys may do what. Nothing here changes it.

import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { languageTag, useText } from "../../shared/i18n.ts";
import { installation } from "../../shared/installation.ts";
import { followLink } from "../../shared/location.ts";
import { session } from "../../shared/session.ts";
import { useStore } from "../../shared/store.ts";
import { formatTime } from "../../shared/time.ts";
import { useAnswer } from "../data/shown.ts";
import { Glyph } from "../glyph.tsx";
import { memoryText } from "../query/span.ts";
import { Safe } from "../safe.tsx";
import { urlOf } from "../screen.ts";
import { Failed, Loading } from "../states.tsx";
import { useZone } from "../zone.ts";
import { loadMetrics, loadServer, type KeyRow, type ServerState, type StoredDay } from "./server/load.ts";
import { serverWords as w } from "./server/words.ts";
import "./server.css";

export function ServerView(): JSX.Element {
  const loaded = useAnswer("server", loadServer);
  const { data, error, reload } = loaded;
  if (data === undefined) return error === undefined ? <Loading /> : <Failed error={error} onRetry={reload} />;
  return (
    <div class="server">
      <HealthOf state={data} />
      <SetAside state={data} />
      <Storage days={data.days} />
      <Keys keys={data.keys} />
    </div>
  );
}

const RATE_MS = 3000;

/** Runs accepted in a second, from two looks at the counter. */
function useRate(first: ReadonlyMap<string, number> | undefined): number | undefined {
  const [rate, setRate] = useState<number>();
  useEffect(() => {
    if (first === undefined) return undefined;
    const abort = new AbortController();
    let before = { count: first.get(ACCEPTED) ?? 0, at_ms: performance.now() };
    const timer = setInterval(() => {
      if (document.visibilityState === "hidden") return;
      loadMetrics(abort.signal).then(
        (metrics) => {
          const now = { count: metrics?.get(ACCEPTED) ?? before.count, at_ms: performance.now() };
          setRate(((now.count - before.count) * 1000) / (now.at_ms - before.at_ms));
          before = now;
        },
        () => undefined,
      );
    }, RATE_MS);
    return () => {
      abort.abort();
      clearInterval(timer);
    };
  }, [first]);
  return rate;
}

const ACCEPTED = 'runlog_ingest_records_total{result="accepted"}';

function HealthOf({ state }: { readonly state: ServerState }): JSX.Element {
  const t = useText();
  const { ready, metrics } = state;
  const rate = useRate(metrics);
  const number = (value: number): string => value.toLocaleString(languageTag(), { maximumFractionDigits: 1 });
  const metric = (name: string): number | undefined => metrics?.get(`runlog_${name}`);
  const record = (result: string): string => number(metric(`ingest_records_total{result="${result}"}`) ?? 0);
  const count = (name: string): string | undefined =>
    metric(name) === undefined ? undefined : number(metric(name) ?? 0);
  const bytes = (name: string): string | undefined =>
    metric(name) === undefined ? undefined : memoryText(metric(name) ?? 0);
  const rows: readonly (readonly [string, string | undefined])[] = [
    [t(w.version), installation().version],
    [t(w.runs), count("runs")],
    [t(w.in_flight), count("runs_in_flight")],
    [t(w.disk), bytes("disk_bytes")],
    [t(w.disk_free), bytes("disk_free_bytes")],
    [t(w.segments), count("segments")],
    [t(w.last_seq), metric("last_seq") === undefined ? undefined : `#${count("last_seq")}`],
    [
      t(w.ingest),
      rate === undefined
        ? metrics === undefined
          ? undefined
          : "…"
        : t(w.per_second, { n: number(Math.max(0, rate)) }),
    ],
  ];
  return (
    <section>
      <h2>{t(w.health)}</h2>
      <p class="server-health">
        <Glyph mark={ready.ready ? "ok" : "failed"} />
        <strong>{ready.ready ? t(w.ready) : t(w.not_ready, { reason: ready.writes_refused_because ?? "" })}</strong>
      </p>
      {metrics === undefined && <p class="quiet-text">{t(w.no_metrics)}</p>}
      <dl class="server-facts">
        {rows
          .filter(([, value]) => value !== undefined)
          .map(([name, value]) => (
            <div key={name}>
              <dt>{name}</dt>
              <dd class="num">{value}</dd>
            </div>
          ))}
      </dl>
      {metrics !== undefined && (
        <p class="quiet-text num">
          {t(w.ingested, { accepted: record("accepted"), duplicate: record("duplicate"), refused: record("refused") })}
        </p>
      )}
    </section>
  );
}

function SetAside({ state }: { readonly state: ServerState }): JSX.Element {
  const t = useText();
  const files = state.ready.set_aside;
  return (
    <section>
      <h2>{t(w.set_aside)}</h2>
      {files.length === 0 ? (
        <p class="quiet-text">{t(w.set_aside_none)}</p>
      ) : (
        <>
          <p class="note warning">{t(w.set_aside_what)}</p>
          <ul class="mono">
            {files.map((file, at) => (
              <li key={at}>
                <Safe text={typeof file === "string" ? file : JSON.stringify(file)} />
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

function Storage({ days }: { readonly days: readonly StoredDay[] }): JSX.Element {
  const t = useText();
  const most = Math.max(1, ...days.map(({ runs, bytes }) => bytes ?? runs));
  const hasBytes = days.some(({ bytes }) => bytes !== undefined);
  const hasNamespace = days.some(({ namespace }) => namespace !== undefined);
  const number = (value: number): string => value.toLocaleString(languageTag());
  return (
    <section>
      <h2>{t(w.storage)}</h2>
      {!hasBytes && <p class="quiet-text">{t(w.no_bytes)}</p>}
      <div class="wide" role="region" tabIndex={0} aria-label={t(w.storage)}>
        <table class="table server-days">
          <thead>
            <tr>
              <th scope="col">{t(w.day)}</th>
              {hasNamespace && <th scope="col">{t(w.namespace)}</th>}
              <th scope="col" class="num">
                {t(w.run_count)}
              </th>
              {hasBytes && (
                <th scope="col" class="num">
                  {t(w.bytes)}
                </th>
              )}
              <th scope="col" class="server-bars">
                <span class="visually-hidden">{t(hasBytes ? w.bytes : w.run_count)}</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {days.map(({ day, namespace, runs, bytes }) => (
              <tr key={`${day}/${namespace ?? ""}`}>
                <td class="num">
                  <a
                    href={urlOf("/runs", { from: `${day}T00:00:00.000Z`, to: nextDay(day), namespace })}
                    onClick={followLink}
                  >
                    {day}
                  </a>
                </td>
                {hasNamespace && (
                  <td>
                    <Safe text={namespace ?? ""} />
                  </td>
                )}
                <td class="num">{number(runs)}</td>
                {hasBytes && <td class="num">{bytes === undefined ? "–" : memoryText(bytes)}</td>}
                <td class="server-bars">
                  <span class="server-bar" style={{ width: `${((bytes ?? runs) / most) * 100}%` }} />
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
}

function nextDay(day: string): string {
  return new Date(Date.parse(`${day}T00:00:00Z`) + 86_400_000).toISOString();
}

function Keys({ keys }: { readonly keys: readonly KeyRow[] | undefined }): JSX.Element {
  const t = useText();
  const who = useStore(session);
  const zone = useZone();
  const list = (value: string | readonly string[]): string => (typeof value === "string" ? value : value.join(", "));
  return (
    <section>
      <h2>{t(w.keys)}</h2>
      {keys === undefined ? (
        <>
          <p class="quiet-text">{t(w.keys_cli)}</p>
          <pre class="code">runlog keys list --data DIR</pre>
        </>
      ) : (
        <div class="wide" role="region" tabIndex={0} aria-label={t(w.keys)}>
          <table class="table">
            <thead>
              <tr>
                <th scope="col">{t(w.key)}</th>
                <th scope="col">{t(w.note)}</th>
                <th scope="col">{t(w.may)}</th>
                <th scope="col">{t(w.tokens)}</th>
              </tr>
            </thead>
            <tbody>
              {keys.map((key) => (
                <tr key={key.key}>
                  <td class="mono">
                    {key.key} {key.key === who?.key && <span class="tag">{t(w.you)}</span>}
                    <div class="quiet-text">{key.account}</div>
                  </td>
                  <td>
                    <Safe text={key.note ?? ""} />
                  </td>
                  <td>
                    {key.root
                      ? t(w.root)
                      : (key.policies ?? [])
                          .flatMap(({ statement }) => statement ?? [])
                          .map((one, at) => (
                            <div key={at}>
                              <span class={one.effect === "deny" ? "failed-text" : ""}>
                                {t(one.effect === "deny" ? w.deny : w.allow)}
                              </span>{" "}
                              <span class="mono">
                                <Safe text={`${list(one.action)} → ${list(one.resource)}`} />
                              </span>
                            </div>
                          ))}
                    {!key.root && (key.policies ?? []).length === 0 && <span class="quiet-text">{t(w.none)}</span>}
                  </td>
                  <td>
                    {(key.tokens ?? []).map((token) => (
                      <div key={token.id}>
                        <span class="mono">{token.id}</span> <Safe text={token.note ?? ""} />{" "}
                        {token.read_only === true && <span class="tag">{t(w.read_only)}</span>}
                        {token.expires_ms !== undefined && (
                          <span class="quiet-text">
                            {" "}
                            {t(w.token_expires, { when: formatTime(token.expires_ms, zone, { offset: true }) })}
                          </span>
                        )}
                      </div>
                    ))}
                  </td>
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      )}
    </section>
  );
}
