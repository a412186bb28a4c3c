// The filter of the runs as chips and as text: one state, two ways to change it.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useText } from "../../../shared/i18n.ts";
import { useKeys } from "../../keys.ts";
import { FILTERS, filterText, parseFilter, type Filter, type Refused } from "../../query/filter.ts";
import { runsWords as w } from "./words.ts";
import { Safe } from "../../safe.tsx";

interface Props {
  readonly filter: Filter;
  readonly onChange: (filter: Filter) => void;
  /** Values to complete a filter with, by its name. */
  readonly known: Readonly<Record<string, readonly string[]>>;
}

const REASONS = {
  unknown: w.refused_unknown,
  twice: w.refused_twice,
  empty: w.refused_empty,
  result: w.refused_result,
  quote: w.refused_quote,
} as const;

export function QueryBar({ filter, onChange, known }: Props): JSX.Element {
  const t = useText();
  const text = filterText(filter);
  const [typed, setTyped] = useState(text);
  const [refused, setRefused] = useState<readonly Refused[]>([]);
  const [choice, setChoice] = useState(-1);
  const [isFocused, setFocused] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  useEffect(() => {
    setTyped(text);
    setRefused([]);
  }, [text]);
  useKeys({
    "/": () => {
      input.current?.focus();
      input.current?.select();
    },
  });
  const offers = isFocused ? completions(typed, known) : [];
  const submit = (value: string): void => {
    const parsed = parseFilter(value);
    setRefused(parsed.refused);
    if (parsed.refused.length === 0) onChange(parsed.filter);
  };
  const take = (offer: string): void => {
    const next = typed.replace(/\S*$/, "") + offer;
    setTyped(next);
    setChoice(-1);
    input.current?.focus();
    if (!offer.endsWith(":")) submit(next);
  };
  const key = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      if (offers.length === 0) return;
      event.preventDefault();
      setChoice((choice + (event.key === "ArrowDown" ? 1 : -1) + offers.length) % offers.length);
    } else if (event.key === "Tab" && offers.length > 0 && typed !== "" && !event.shiftKey) {
      event.preventDefault();
      take(offers[Math.max(0, choice)] as string);
    } else if (event.key === "Enter") {
      event.preventDefault();
      if (choice >= 0 && offers[choice] !== undefined) take(offers[choice]);
      else {
        submit(typed);
        setFocused(false);
      }
    } else if (event.key === "Escape") {
      setTyped(text);
      setRefused([]);
      input.current?.blur();
    }
  };
  const chips = [...FILTERS, "keyword" as const].filter((name) => filter[name] !== undefined);
  return (
    <div class="query-bar">
      <div class="query-line">
        <svg class="icon query-icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
          <path d="M7 2.5a4.5 4.5 0 1 0 .01 0M10.5 10.5l3 3" />
        </svg>
        <input
          ref={input}
          type="text"
          class="mono query-input"
          role="combobox"
          aria-label={t(w.filter)}
          aria-expanded={offers.length > 0}
          aria-controls="query-offers"
          aria-autocomplete="list"
          aria-invalid={refused.length > 0}
          aria-activedescendant={choice >= 0 ? `offer-${choice}` : undefined}
          placeholder={t(w.filter_hint)}
          spellcheck={false}
          autocapitalize="off"
          autocomplete="off"
          value={typed}
          onInput={(event) => {
            setTyped(event.currentTarget.value);
            setChoice(-1);
            setRefused([]);
          }}
          onKeyDown={key}
          onFocus={() => setFocused(true)}
          onBlur={() => setFocused(false)}
        />
        {offers.length > 0 && (
          <ul id="query-offers" class="popover query-offers" role="listbox" aria-label={t(w.filter)}>
            {offers.map((offer, at) => (
              <li
                key={offer}
                id={`offer-${at}`}
                role="option"
                aria-selected={at === choice}
                class="mono"
                onPointerDown={(event) => {
                  event.preventDefault();
                  take(offer);
                }}
              >
                <Safe text={offer} />
              </li>
            ))}
          </ul>
        )}
      </div>
      {refused.map(({ token, reason }) => (
        <p key={token} class="note failed query-refused" role="alert">
          {t(REASONS[reason], { token })}
        </p>
      ))}
      {chips.length > 0 && (
        <ul class="query-chips" aria-label={t(w.filters)}>
          {chips.map((name) => (
            <li key={name}>
              <button
                type="button"
                class="chip"
                title={t(w.remove, { filter: name })}
                onClick={() => onChange({ ...filter, [name]: undefined })}
              >
                <span class="quiet-text">{name === "keyword" ? t(w.keyword) : name}</span>
                <span class="chip-value">
                  <Safe text={filter[name] ?? ""} />
                </span>
                <span aria-hidden="true">×</span>
              </button>
            </li>
          ))}
          {chips.length > 1 && (
            <li>
              <button type="button" class="button small quiet" onClick={() => onChange({})}>
                {t(w.clear)}
              </button>
            </li>
          )}
        </ul>
      )}
    </div>
  );
}

const OFFERS_MAX = 8;

/** What the last word may become: the name of a filter, or one of its known values. */
export function completions(typed: string, known: Readonly<Record<string, readonly string[]>>): string[] {
  const word = /\S*$/.exec(typed)?.[0] ?? "";
  const colon = word.indexOf(":");
  if (word.startsWith('"')) return [];
  if (colon === -1) {
    const names = FILTERS.filter((name) => !new RegExp(`(?:^|\\s)${name}:`).test(typed));
    return names.filter((name) => name.startsWith(word.toLowerCase())).map((name) => `${name}:`);
  }
  const name = word.slice(0, colon);
  const start = word.slice(colon + 1).toLowerCase();
  const values = known[name] ?? [];
  const match = values.filter((value) => value.toLowerCase().includes(start) && value !== word.slice(colon + 1));
  const offers = match
    .slice(0, OFFERS_MAX)
    .map((value) => `${name}:${/^[^\s"]+$/.test(value) ? value : JSON.stringify(value)}`);
  return offers;
}
