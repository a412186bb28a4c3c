// The list of keys, and the switch that turns single letters off.

import type { JSX } from "preact";
import { useEffect, useRef } from "preact/hooks";

import { useText, type Text } from "../shared/i18n.ts";
import { useStore } from "../shared/store.ts";
import { shared } from "../shared/words.ts";
import { lettersOn, setLetters } from "./keys.ts";
import { keyWords as w } from "./words.ts";

const ROWS: readonly (readonly [readonly string[], Text])[] = [
  [["/"], w.find],
  [["n", "N"], w.matches],
  [["j", "k"], w.rows],
  [["Enter"], w.open],
  [["Esc"], w.close],
  [["e", "E"], w.errors],
  [["f"], w.only],
  [["g", "G"], w.ends],
  [["t"], w.time],
  [["[", "]"], w.shift],
  [["+", "-"], w.zoom],
  [["p"], w.pause],
  [["d"], w.diff],
  [["c"], w.copy],
  [["y"], w.link],
  [["?"], w.help],
];

export function KeyHelp({ onClose }: { readonly onClose: () => void }): JSX.Element {
  const t = useText();
  const isOn = useStore(lettersOn);
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
  }, []);
  return (
    <dialog ref={dialog} class="dialog" aria-labelledby="keys-title" onClose={onClose}>
      <h2 id="keys-title">{t(w.title)}</h2>
      <dl class="key-list">
        {ROWS.map(([keys, text]) => (
          <div key={keys.join()}>
            <dt>
              {keys.map((key) => (
                <kbd key={key}>{key}</kbd>
              ))}
            </dt>
            <dd>{t(text)}</dd>
          </div>
        ))}
      </dl>
      <p class="quiet-text">{t(w.explained)}</p>
      <div class="row-end">
        <label class="check">
          <input type="checkbox" checked={isOn} onChange={(event) => setLetters(event.currentTarget.checked)} />
          {t(w.letters)}
        </label>
        <button type="button" class="button" onClick={() => dialog.current?.close()}>
          {t(shared.close)}
        </button>
      </div>
    </dialog>
  );
}
