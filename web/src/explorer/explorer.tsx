// The three columns, and what opens the quick search.

import type { FunctionComponent, JSX } from "preact";
import { useEffect, useMemo, useState } from "preact/hooks";

import { useText, type Text } from "../shared/i18n.ts";
import { setTitle } from "../shared/page.tsx";
import { CallTab, focusField } from "./call/call-tab.tsx";
import { check } from "./form/check.ts";
import { Form } from "./form/form.tsx";
import { lazyView } from "./lazy.tsx";
import { SearchDialog } from "./search/dialog.tsx";
import type { Entry } from "./search/index.ts";
import { TABS, useControl, type Control, type Tab } from "./state.ts";
import type { Tables } from "./tables.ts";
import { explorer as words } from "./words.ts";
import "./explorer.css";

const LATER: Readonly<Record<Exclude<Tab, "call">, FunctionComponent<{ control: Control }>>> = {
  signature: lazyView(() => import("./signature/signature-tab.tsx")),
  doctor: lazyView(() => import("./tabs/doctor-tab.tsx")),
  code: lazyView(() => import("./tabs/code-tab.tsx")),
  documentation: lazyView(() => import("./tabs/documentation-tab.tsx")),
  errors: lazyView(() => import("./tabs/errors-tab.tsx")),
  mock: lazyView(() => import("./tabs/mock-tab.tsx")),
  limits: lazyView(() => import("./tabs/limits-tab.tsx")),
};

const TAB_TEXTS: Readonly<Record<Tab, Text>> = {
  call: words.tab_call,
  signature: words.tab_signature,
  doctor: words.tab_doctor,
  code: words.tab_code,
  documentation: words.tab_documentation,
  errors: words.tab_errors,
  mock: words.tab_mock,
  limits: words.tab_limits,
};

interface Props {
  readonly tables: Tables;
  readonly isSearching: boolean;
  readonly setSearching: (is: boolean) => void;
}

/** On a narrow screen one of the two is shown. */
type Pane = "form" | "tools";

export function Explorer({ tables, isSearching, setSearching }: Props): JSX.Element {
  const t = useText();
  const control = useControl(tables);
  const [pane, setPane] = useState<Pane>("form");
  const state = control?.state;
  const problems = useMemo(
    () => (state === undefined ? [] : check(state.action, state.values, tables.zone)),
    [state?.action, JSON.stringify(state?.values), tables],
  );
  useSearchKeys(() => setSearching(true));
  useEffect(() => {
    if (state !== undefined) setTitle(`${state.action.name} · ${t(words.title)}`);
  }, [state?.action.name]);
  useEffect(
    () => document.getElementById(`tab-${state?.tab ?? ""}`)?.scrollIntoView({ block: "nearest", inline: "nearest" }),
    [state?.tab, pane],
  );
  if (control === undefined || state === undefined) return <main id="main" />;

  const choose = (entry: Entry): void => {
    setSearching(false);
    const action = entry.action ?? state.action.name;
    if (entry.kind === "error") {
      control.visit({ action, tab: "errors", error: entry.target });
      setPane("tools");
      return;
    }
    control.visit({ action, requiredOnly: false });
    setPane("form");
    // The field is there once the form of the other action is drawn.
    if (entry.kind === "param") setTimeout(() => focusField(undefined, entry.target), 0);
  };
  const { action, tab } = state;
  const View = tab === "call" ? undefined : LATER[tab];
  return (
    <main id="main" class="explorer" data-pane={pane}>
      <nav class="actions" aria-label={t(words.actions)}>
        <h2>{t(words.actions)}</h2>
        <ul>
          {tables.actions.map(({ name, title }) => (
            <li key={name}>
              <button
                type="button"
                aria-current={name === action.name ? "true" : undefined}
                onClick={() => control.visit({ action: name })}
              >
                <span class="actions-name">{name}</span>
                <span class="actions-title">{t(title)}</span>
              </button>
            </li>
          ))}
        </ul>
      </nav>
      <header class="action-head">
        <label class="action-select">
          <span class="visually-hidden">{t(words.actions)}</span>
          <select value={action.name} onChange={(event) => control.visit({ action: event.currentTarget.value })}>
            {tables.actions.map(({ name }) => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
        <h1>{action.name}</h1>
        <p class="quiet-text">{t(action.title)}</p>
        <div class="segments panes" role="group">
          <button type="button" aria-pressed={pane === "form"} onClick={() => setPane("form")}>
            {t(words.pane_form)}
          </button>
          <button type="button" aria-pressed={pane === "tools"} onClick={() => setPane("tools")}>
            {t(words.pane_tools)}
          </button>
        </div>
      </header>
      <div class="pane-form">
        <Form control={control} problems={problems} />
      </div>
      <div class="pane-tools">
        <div class="tabs" role="tablist" aria-label={t(words.tabs)} onKeyDown={(event) => moveTab(event, tab, control)}>
          {TABS.map((one) => (
            <button
              key={one}
              id={`tab-${one}`}
              type="button"
              role="tab"
              aria-selected={one === tab}
              aria-controls="tab-panel"
              tabIndex={one === tab ? 0 : -1}
              onClick={() => control.visit({ tab: one })}
            >
              {t(TAB_TEXTS[one])}
            </button>
          ))}
        </div>
        <div id="tab-panel" class="tab-panel" role="tabpanel" aria-labelledby={`tab-${tab}`}>
          {View === undefined ? (
            <CallTab control={control} problems={problems} />
          ) : (
            <View key={tab} control={control} />
          )}
        </div>
      </div>
      {isSearching && <SearchDialog tables={tables} onChoose={choose} onClose={() => setSearching(false)} />}
    </main>
  );
}

function moveTab(event: KeyboardEvent, tab: Tab, control: Control): void {
  const at = TABS.indexOf(tab);
  const by = event.key === "ArrowRight" ? 1 : event.key === "ArrowLeft" ? -1 : 0;
  const next = TABS[(at + by + TABS.length) % TABS.length];
  if (by === 0 || next === undefined) return;
  event.preventDefault();
  control.visit({ tab: next });
  document.getElementById(`tab-${next}`)?.focus();
}

/** `/` outside of text fields, Ctrl+K everywhere; never while an input method composes. */
function useSearchKeys(open: () => void): void {
  useEffect(() => {
    const onKey = (event: KeyboardEvent): void => {
      if (event.isComposing) return;
      const isCtrlK = event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey) && !event.altKey;
      const isSlash = event.key === "/" && !event.ctrlKey && !event.metaKey && !event.altKey && !isTyping(event.target);
      if (!isCtrlK && !isSlash) return;
      event.preventDefault();
      open();
    };
    window.addEventListener("keydown", onKey);
    return () => window.removeEventListener("keydown", onKey);
  });
}

function isTyping(target: EventTarget | null): boolean {
  return (
    target instanceof HTMLElement && (target.isContentEditable || /^(?:INPUT|TEXTAREA|SELECT)$/.test(target.tagName))
  );
}
