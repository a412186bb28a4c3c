// The row of tools over an output: find, errors, how it is shown, copy and download.

import type { JSX, RefObject } from "preact";

import { languageTag, useText } from "../../shared/i18n.ts";
import type { ViewOptions } from "./viewer.tsx";
import { logWords as w } from "./words.ts";

interface Props {
  readonly options: ViewOptions;
  readonly onOptions: (changes: Partial<ViewOptions>) => void;
  readonly input: RefObject<HTMLInputElement | null>;
  readonly count: number;
  /** The current match, counted from 0; -1 without one. */
  readonly at: number;
  readonly problem: "too_slow" | "bad" | undefined;
  readonly notice: "wrapped_end" | "wrapped_start" | undefined;
  readonly onStep: (step: 1 | -1) => void;
  readonly trouble: number;
  readonly onTrouble: (direction: 1 | -1) => void;
  readonly selectedLines: number;
  readonly onCopy: () => void;
  readonly said: string;
  readonly lines: number;
  readonly isCompact: boolean;
  readonly nextTime: ViewOptions["time"];
  readonly onDownload: () => void;
}

const TIMES = { none: w.time_none, clock: w.time_clock, since: w.time_since } as const;

export function FindBar(props: Props): JSX.Element {
  const {
    options,
    onOptions,
    input,
    count,
    at,
    problem,
    notice,
    onStep,
    trouble,
    onTrouble,
    selectedLines,
    onCopy,
    said,
    lines,
    isCompact,
  } = props;
  const t = useText();
  const number = (value: number): string => value.toLocaleString(languageTag());
  const key = (event: KeyboardEvent): void => {
    if (event.isComposing) return;
    if (event.key === "Enter") {
      event.preventDefault();
      onStep(event.shiftKey ? -1 : 1);
    } else if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      if (options.find !== "") onOptions({ find: "" });
      else input.current?.blur();
    }
  };
  const result =
    problem !== undefined
      ? t(w[problem])
      : options.find === ""
        ? ""
        : count === 0
          ? t(w.none)
          : t(w.count, { at: number(at + 1), n: number(count) });
  const toggle = (label: string, isOn: boolean, change: Partial<ViewOptions>, title = label): JSX.Element => (
    <button
      type="button"
      class="button small quiet"
      aria-pressed={isOn}
      title={title}
      onClick={() => onOptions(change)}
    >
      {label}
    </button>
  );
  return (
    <div class="log-tools">
      <div class="log-find">
        <input
          ref={input as RefObject<HTMLInputElement>}
          type="search"
          class="mono"
          aria-label={t(w.find)}
          placeholder={isCompact ? t(w.find) : `${t(w.find)}  /`}
          value={options.find}
          spellcheck={false}
          autocapitalize="off"
          aria-invalid={problem !== undefined}
          onInput={(event) => onOptions({ find: event.currentTarget.value })}
          onKeyDown={key}
        />
        <button
          type="button"
          class={`button small quiet log-switch`}
          aria-pressed={options.isCaseSensitive}
          aria-label={t(w.case)}
          title={t(w.case)}
          onClick={() => onOptions({ isCaseSensitive: !options.isCaseSensitive })}
        >
          Aa
        </button>
        <button
          type="button"
          class="button small quiet log-switch mono"
          aria-pressed={options.isExpression}
          aria-label={t(w.expression)}
          title={t(w.expression)}
          onClick={() => onOptions({ isExpression: !options.isExpression })}
        >
          .*
        </button>
      </div>
      <span class="log-count num" role="status">
        {result}
        {notice !== undefined && <span class="quiet-text"> · {t(w[notice])}</span>}
      </span>
      {options.find !== "" && (
        <>
          <button
            type="button"
            class="button small quiet"
            aria-label={t(w.previous)}
            title={t(w.previous)}
            disabled={count === 0}
            onClick={() => onStep(-1)}
          >
            ↑
          </button>
          <button
            type="button"
            class="button small quiet"
            aria-label={t(w.next)}
            title={t(w.next)}
            disabled={count === 0}
            onClick={() => onStep(1)}
          >
            ↓
          </button>
          {toggle(t(w.only), options.isOnly, { isOnly: !options.isOnly }, `${t(w.only)} (f)`)}
        </>
      )}
      <span class="log-right">
        {trouble > 0 && (
          <button
            type="button"
            class="button small quiet failed-text"
            title={t(w.errors_title)}
            onClick={() => onTrouble(1)}
          >
            {t(w.errors, { n: number(trouble) })}
          </button>
        )}
        {toggle(t(w.wrap), options.isWrapped, { isWrapped: !options.isWrapped })}
        {!isCompact && (
          <>
            <button
              type="button"
              class="button small quiet"
              title={`${t(TIMES[options.time])} (t)`}
              onClick={() => onOptions({ time: props.nextTime })}
            >
              {t(TIMES[options.time])}
            </button>
            {toggle(t(w.raw), options.isRaw, { isRaw: !options.isRaw }, t(w.raw_title))}
            <button type="button" class="button small quiet" onClick={props.onDownload}>
              {t(options.isOnly && options.find !== "" ? w.download_view : w.download)}
            </button>
          </>
        )}
        <button type="button" class="button small" title="c" onClick={onCopy}>
          {said !== "" ? said : selectedLines > 0 ? t(w.copy_lines, { n: number(selectedLines) }) : t(w.copy_all)}
        </button>
        <span class="quiet-text num log-lines">{t(w.lines, { n: number(lines) })}</span>
      </span>
      <span class="visually-hidden" role="status">
        {said}
      </span>
    </div>
  );
}
