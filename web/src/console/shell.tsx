// The frame of every view: views, namespace, window and zone, as of when, theme, language, keys. The view is lazy, so the
// first one does not load the others.

import type { ComponentType, JSX } from "preact";
import { useEffect, useState } from "preact/hooks";

import { copyText } from "../shared/clipboard.ts";
import { languageTag, useText, type Text } from "../shared/i18n.ts";
import { installation } from "../shared/installation.ts";
import { followLink, go, place, withQuery, type Place } from "../shared/location.ts";
import { setTitle } from "../shared/page.tsx";
import { signOut, type Session } from "../shared/session.ts";
import { useStore } from "../shared/store.ts";
import { formatTime, offsetMinutes, offsetText } from "../shared/time.ts";
import { TopBar } from "../shared/top-bar.tsx";
import { shared } from "../shared/words.ts";
import { loadFunctions } from "./data/api.ts";
import { shown } from "./data/shown.ts";
import { Hatches } from "./glyph.tsx";
import { KeyHelp } from "./key-help.tsx";
import { useKeys } from "./keys.ts";
import { endsAt, spanChanges, spanOf } from "./query/span.ts";
import { screenOf, urlOf, type Screen } from "./screen.ts";
import { TimePicker, ZoneOptions } from "./time-picker.tsx";
import { FunctionsView } from "./views/functions.tsx";
import { common as w } from "./words.ts";
import { chooseZone, useZone, useZoneChoice } from "./zone.ts";

type ViewName = Exclude<Screen["view"], "unknown">;
type View = ComponentType<{ readonly screen: never }>;

const LAZY: Readonly<Partial<Record<ViewName, () => Promise<unknown>>>> = {
  runs: () => import("./views/runs.tsx").then(({ RunsView }) => RunsView),
  run: () => import("./views/run.tsx").then(({ RunView }) => RunView),
  compare: () => import("./views/compare.tsx").then(({ CompareView }) => CompareView),
  reports: () => import("./views/reports.tsx").then(({ ReportsView }) => ReportsView),
  server: () => import("./views/server.tsx").then(({ ServerView }) => ServerView),
};

const TABS: readonly { readonly view: ViewName; readonly path: string; readonly text: Text; readonly icon: string }[] =
  [
    { view: "functions", path: "", text: w.functions, icon: "M2.5 4h11M2.5 8h11M2.5 12h7" },
    { view: "runs", path: "/runs", text: w.runs, icon: "M2.5 13V8M6.2 13V3M9.9 13V6M13.5 13v-3" },
    { view: "compare", path: "/compare", text: w.compare, icon: "M2.5 3h4.5v10H2.5ZM9 3h4.5v10H9" },
    { view: "reports", path: "/reports", text: w.reports, icon: "M2.5 13.5h11M3 10l3.5-4 3 2.5L13.5 3" },
    { view: "server", path: "/server", text: w.server, icon: "M2.5 3h11v4h-11ZM2.5 9h11v4h-11ZM5 5h.1M5 11h.1" },
  ];

/** The parameters that go along from view to view: what a person looks at, not how. */
const CARRIED = ["since", "from", "to", "window", "namespace", "tz"];

function carried(from: Place): Record<string, string | undefined> {
  return Object.fromEntries(CARRIED.map((name) => [name, from.query.get(name) ?? undefined]));
}

export function Shell({ who }: { readonly who: Session }): JSX.Element {
  const t = useText();
  const at = useStore(place);
  const screen = screenOf(at);
  const [isHelpOpen, setHelpOpen] = useState(false);
  const [said, setSaid] = useState("");
  const link = async (): Promise<void> => {
    const url = permanent(at);
    const isCopied = await copyText(new URL(url, window.location.href).href);
    // The address bar is the text to copy where the clipboard is not allowed.
    if (!isCopied) go(url);
    setSaid(t(isCopied ? w.link_copied : shared.copy_failed));
    setTimeout(() => setSaid(""), 2500);
  };
  useKeys({
    "?": () => setHelpOpen(!isHelpOpen),
    y: () => void link(),
    Escape: () => (isHelpOpen ? setHelpOpen(false) : false),
  });
  const tab = TABS.find(({ view }) => view === (screen.view === "run" ? "runs" : screen.view));
  useEffect(() => {
    if (screen.view !== "run") setTitle(t(tab?.text ?? shared.console));
  });
  return (
    <div class="console">
      <Hatches />
      <TopBar page="console">
        <AccountMenu who={who} onHelp={() => setHelpOpen(true)} />
      </TopBar>
      <div class="frame-bar">
        <nav class="views" aria-label={t(w.views)}>
          {TABS.map(({ view, path, text, icon }) => (
            <a
              key={view}
              href={urlOf(path, carried(at))}
              aria-current={view === tab?.view ? "page" : undefined}
              onClick={followLink}
            >
              <svg viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
                <path d={icon} />
              </svg>
              {t(text)}
            </a>
          ))}
        </nav>
        <div class="frame-controls">
          {screen.view !== "run" && screen.view !== "server" && screen.view !== "compare" && (
            <NamespaceChoice at={at} />
          )}
          {screen.view !== "run" &&
            screen.view !== "server" &&
            screen.view !== "compare" &&
            at.query.get("live") !== "1" && (
              <TimePicker
                span={spanOf(at.query)}
                onChange={(span) => go(withQuery({ ...spanChanges(span), as_of: undefined, open: undefined }))}
              />
            )}
          <ZoneChoice />
          <AsOf onLink={() => void link()} />
        </div>
      </div>
      <main id="main" class={`view view-${screen.view}`} tabIndex={-1}>
        <ViewOf screen={screen} />
      </main>
      {isHelpOpen && <KeyHelp onClose={() => setHelpOpen(false)} />}
      <div class={said === "" ? "visually-hidden" : "toast"} role="status">
        {said}
      </div>
    </div>
  );
}

/** The URL that shows the same rows for as long as they are kept. */
function permanent(at: Place): string {
  const span = spanOf(at.query);
  const now = shown.get();
  if (screenOf(at).view === "run" || now?.seq === undefined) return withQuery({});
  const { from_ms, to_ms } = endsAt(span, now.at_ms);
  const end_ms = span.kind === "fixed" ? span.to_ms : to_ms;
  return withQuery({
    ...spanChanges({ kind: "fixed", from_ms, to_ms: end_ms }),
    as_of: String(now.seq),
    tz: at.query.get("tz") ?? undefined,
  });
}

function ViewOf({ screen }: { readonly screen: Screen }): JSX.Element {
  const t = useText();
  const [views, setViews] = useState<Partial<Record<string, View>>>({ functions: FunctionsView as View });
  const name = screen.view;
  const load = name === "unknown" ? undefined : LAZY[name];
  useEffect(() => {
    if (load === undefined || views[name] !== undefined) return;
    void load().then((view) => setViews((before) => ({ ...before, [name]: view as View })));
  }, [name]);
  const View = views[name];
  if (View !== undefined) return <View key={name === "run" ? screen.request_id : name} screen={screen as never} />;
  if (load !== undefined) return <p class="state quiet-text">{t(shared.loading)}</p>;
  return (
    <div class="state">
      <p>{t(w.unknown_view)}</p>
      <a class="button" href="/console" onClick={followLink}>
        {t(w.to_functions)}
      </a>
    </div>
  );
}

function NamespaceChoice({ at }: { readonly at: Place }): JSX.Element {
  const t = useText();
  const [names, setNames] = useState<readonly string[]>([]);
  const chosen = at.query.get("namespace") ?? "";
  useEffect(() => {
    const abort = new AbortController();
    loadFunctions(abort.signal).then(
      ({ functions }) => setNames([...new Set(functions.map(({ namespace }) => namespace))].sort()),
      () => undefined,
    );
    return () => abort.abort();
  }, []);
  const all = chosen === "" || names.includes(chosen) ? names : [...names, chosen];
  return (
    <select
      class="small-select namespace-choice"
      aria-label={t(w.namespace)}
      value={chosen}
      onChange={(event) => go(withQuery({ namespace: event.currentTarget.value, open: undefined }))}
    >
      <option value="">{t(w.all_namespaces)}</option>
      {all.map((name) => (
        <option key={name} value={name}>
          {name}
        </option>
      ))}
    </select>
  );
}

function ZoneChoice(): JSX.Element {
  const t = useText();
  const choice = useZoneChoice();
  return (
    <select
      class="small-select zone-choice"
      aria-label={t(w.zone)}
      value={choice}
      onChange={(event) => chooseZone(event.currentTarget.value)}
    >
      <ZoneOptions choice={choice} />
    </select>
  );
}

function AsOf({ onLink }: { readonly onLink: () => void }): JSX.Element | null {
  const t = useText();
  const now = useStore(shown);
  const zone = useZone();
  const pinned = useStore(place).query.get("as_of");
  if (now === undefined) return null;
  const offset = offsetText(offsetMinutes(now.at_ms, zone));
  return (
    <div class="as-of">
      {pinned !== null && (
        <button
          type="button"
          class="chip is-pinned"
          title={t(w.unfreeze)}
          onClick={() => go(withQuery({ as_of: undefined }))}
        >
          {t(w.frozen, { seq: Number(pinned).toLocaleString(languageTag()) })} ×
        </button>
      )}
      <button
        type="button"
        class={`button small quiet refresh ${now.isLoading ? "is-busy" : ""}`}
        onClick={now.reload}
        title={t(w.refresh)}
      >
        <svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
          <path d="M13 8a5 5 0 1 1-1.6-3.7M13 2.5v3h-3" />
        </svg>
        <span class="visually-hidden">{t(now.isLoading ? w.refreshing : w.refresh)}</span>
        <time class="num">
          {now.at_ms === 0 ? "…" : t(w.as_of, { time: `${formatTime(now.at_ms, zone, { part: "time" })} ${offset}` })}
        </time>
      </button>
      <button type="button" class="button small quiet" onClick={onLink} title={`${t(w.permanent_link)} (y)`}>
        <svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
          <path d="M6.5 9.5l3-3M7 4.5l1.4-1.4a3 3 0 0 1 4.4 4.4L11.5 9M9 11.5l-1.4 1.4a3 3 0 0 1-4.4-4.4L4.5 7" />
        </svg>
        <span class="visually-hidden">{t(w.permanent_link)}</span>
      </button>
    </div>
  );
}

function AccountMenu({ who, onHelp }: { readonly who: Session; readonly onHelp: () => void }): JSX.Element {
  const t = useText();
  const { version } = installation();
  return (
    <details class="account">
      <summary class="button quiet small" title={t(w.menu)}>
        <span class="account-key">{who.key}</span>
        {who.read_only && <span class="tag">{t(w.read_only)}</span>}
        <span aria-hidden="true">▾</span>
      </summary>
      <div class="popover account-menu">
        <p class="quiet-text">
          {who.key}
          <br />
          {who.account}
          {version !== undefined && ` · runlog ${version}`}
        </p>
        <button type="button" class="button quiet" onClick={onHelp}>
          {t(w.help)} <kbd>?</kbd>
        </button>
        <a class="button quiet narrow-only" href="/explorer">
          {t(shared.explorer)}
        </a>
        <a class="button quiet narrow-only" href="/docs">
          {t(shared.docs)}
        </a>
        <button type="button" class="button quiet" onClick={() => void signOut()}>
          {t(w.sign_out)}
        </button>
      </div>
    </details>
  );
}
