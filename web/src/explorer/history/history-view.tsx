// The list of calls: fill the form again, look at the answer again, compare two.

import { lazyView } from "../lazy.tsx";
import type { JSX } from "preact";
import { useState } from "preact/hooks";

import { useText } from "../../shared/i18n.ts";
import { go } from "../../shared/location.ts";
import { useStore } from "../../shared/store.ts";
import { formatTime, resolveZone, zone } from "../../shared/time.ts";
import { installation } from "../../shared/installation.ts";
import { parametersOf } from "../state.ts";
import { history as words } from "../words.ts";
import { calls, clearCalls, type Call } from "./history.ts";

const DiffView = lazyView(() => import("./diff-view.tsx"));

export function HistoryView({ onShow }: { readonly onShow: (call: Call) => void }): JSX.Element {
  const t = useText();
  const list = useStore(calls);
  const choice = useStore(zone);
  const zoneName = resolveZone(choice, installation().zone);
  const [chosen, setChosen] = useState<readonly number[]>([]);
  const [pair, setPair] = useState<readonly [string, string] | undefined>();
  const choose = (id: number, isOn: boolean): void => {
    setPair(undefined);
    setChosen(isOn ? [...chosen, id].slice(-2) : chosen.filter((one) => one !== id));
  };
  const answers = list.filter((one) => chosen.includes(one.id)).map((one) => one.answer?.text);
  const [after, before] = answers;
  return (
    <section class="history" aria-labelledby="history-title">
      <div class="history-head">
        <h3 id="history-title">{t(words.title)}</h3>
        {list.length > 0 && (
          <>
            <button
              type="button"
              class="button small"
              disabled={before === undefined || after === undefined}
              onClick={() => before !== undefined && after !== undefined && setPair([before, after])}
            >
              {t(words.compare)}
            </button>
            <button type="button" class="button small quiet" onClick={clearCalls}>
              {t(words.clear)}
            </button>
          </>
        )}
      </div>
      {list.length === 0 && <p class="quiet-text">{t(words.empty)}</p>}
      <ul class="history-list">
        {list.map((one) => (
          <li key={one.id}>
            <input
              type="checkbox"
              aria-label={t(words.choose, { n: one.id })}
              checked={chosen.includes(one.id)}
              disabled={one.answer === undefined}
              onChange={(event) => choose(one.id, event.currentTarget.checked)}
            />
            <span class="history-time mono">{formatTime(one.at_ms, zoneName, { part: "time" })}</span>
            <span class="history-what">
              {one.action} <span class={one.isOk ? "state-ok" : "state-failed"}>{one.result}</span>
              <bdi class="history-params quiet-text">{parametersOf(one.query)}</bdi>
            </span>
            <span class="history-figures quiet-text">{`${one.duration_ms.toFixed(0)} ms · ${size(one.bytes)}`}</span>
            <span class="history-do">
              <button type="button" class="button small" onClick={() => go(`/explorer?${one.query}`)}>
                {t(words.refill)}
              </button>
              <button
                type="button"
                class="button small"
                disabled={one.answer === undefined}
                title={one.answer === undefined ? t(words.gone) : undefined}
                onClick={() => onShow(one)}
              >
                {t(words.show)}
              </button>
            </span>
          </li>
        ))}
      </ul>
      {pair !== undefined && <DiffView before={pair[0]} after={pair[1]} />}
    </section>
  );
}

/** `1.2 kB`. */
export function size(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`;
  return bytes < 1_000_000 ? `${(bytes / 1000).toFixed(1)} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
}
