// The quick search as a dialog: `/` or Ctrl+K opens it, arrows choose, Enter goes.

import type { JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { useText } from "../../shared/i18n.ts";
import type { Tables } from "../tables.ts";
import { explorer as words } from "../words.ts";
import { entriesOf, search, type Entry } from "./index.ts";
import "./search.css";

const KINDS = { action: words.kind_action, param: words.kind_param, error: words.kind_error } as const;

interface Props {
  readonly tables: Tables;
  readonly onChoose: (entry: Entry) => void;
  readonly onClose: () => void;
}

export function SearchDialog({ tables, onChoose, onClose }: Props): JSX.Element {
  const t = useText();
  const dialog = useRef<HTMLDialogElement>(null);
  const list = useRef<HTMLUListElement>(null);
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const entries = useMemo(() => entriesOf(tables), [tables]);
  const found = useMemo(() => search(entries, text), [entries, text]);

  useEffect(() => dialog.current?.showModal(), []);
  useEffect(() => list.current?.querySelector('[aria-selected="true"]')?.scrollIntoView({ block: "nearest" }), [at]);

  const onKey = (event: KeyboardEvent): void => {
    if (event.isComposing || found.length === 0) return;
    if (event.key === "ArrowDown") setAt((at + 1) % found.length);
    else if (event.key === "ArrowUp") setAt((at + found.length - 1) % found.length);
    else if (event.key === "Enter" && found[at] !== undefined) onChoose(found[at]);
    else return;
    event.preventDefault();
  };
  return (
    <dialog
      ref={dialog}
      class="search"
      aria-label={t(words.search)}
      onClose={onClose}
      onClick={(event) => event.target === dialog.current && dialog.current?.close()}
    >
      <div class="search-body">
        <input
          type="text"
          role="combobox"
          list={undefined}
          aria-expanded={true}
          aria-controls="search-list"
          aria-activedescendant={found.length > 0 ? `search-${at}` : undefined}
          aria-label={t(words.search)}
          placeholder={t(words.search_what)}
          value={text}
          autofocus
          onInput={(event) => {
            setText(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={onKey}
        />
        <ul ref={list} id="search-list" role="listbox" aria-label={t(words.search)}>
          {found.map((one, index) => (
            <li
              key={`${one.kind}${one.name}`}
              id={`search-${index}`}
              role="option"
              aria-selected={index === at}
              onMouseMove={() => index !== at && setAt(index)}
              onClick={() => onChoose(one)}
            >
              <span class="search-kind">{t(KINDS[one.kind])}</span>
              <span class="search-name mono">{one.name}</span>
              <span class="search-text">{t(one.text)}</span>
            </li>
          ))}
        </ul>
        {found.length === 0 && <p class="search-none">{t(words.search_none, { text })}</p>}
        <p class="search-keys quiet-text">{t(words.search_keys)}</p>
      </div>
    </dialog>
  );
}
