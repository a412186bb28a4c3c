// One row of an output: line number, time, and its part of the line.

import type { JSX } from "preact";

import { languageTag, useText } from "../../shared/i18n.ts";
import { BOLD, DIM, ITALIC, STRIKE, UNDERLINE, NONE, INVERSE, type Style } from "./ansi.ts";
import { coloursOf } from "./colour.ts";
import type { Part } from "./layout.ts";
import type { Shown } from "./model.ts";
import { segments, type Range, type Segment } from "./segments.ts";
import { logWords as w } from "./words.ts";

export interface DrawnLine {
  readonly shown: Shown;
  readonly part: Part;
  readonly cuts: readonly number[];
  readonly links: readonly Range[];
  readonly isPlatform: boolean;
  readonly hasJson: boolean;
}

interface Props {
  readonly line: number;
  readonly part: number;
  readonly drawn: DrawnLine;
  readonly unfolded: readonly string[] | undefined;
  readonly isDark: boolean;
  readonly matches: readonly Range[];
  /** Where the current match begins in the shown text, if it is in this line. */
  readonly current: number | undefined;
  readonly isSelected: boolean;
  readonly time: string;
  readonly hasTime: boolean;
  /** Digits of the largest line number. */
  readonly gutter: number;
  readonly onPick: ((event: MouseEvent, line: number) => void) | undefined;
  readonly onJson: (line: number) => void;
  readonly onGrow: (line: number) => void;
}

export function LogRow(props: Props): JSX.Element {
  const {
    line,
    part,
    drawn,
    unfolded,
    isDark,
    matches,
    current,
    isSelected,
    time,
    hasTime,
    gutter,
    onPick,
    onJson,
    onGrow,
  } = props;
  const t = useText();
  const { shown, cuts } = drawn;
  const number = line + 1;
  const name = `log-row ${isSelected ? "is-selected" : ""} ${drawn.isPlatform ? "is-platform" : ""}`;
  const width = { width: `${gutter + 1}ch` };
  if (part >= cuts.length) {
    return (
      <div class={`${name} is-json`}>
        <span class="log-number" style={width} />
        <span class="log-fold" />
        {hasTime && <span class="log-time" />}
        <bdi class="log-text" dir="ltr">
          {unfolded?.[part - cuts.length] ?? ""}
        </bdi>
      </div>
    );
  }
  const from = drawn.part.from + (cuts[part] ?? 0);
  const isLastPart = part === cuts.length - 1;
  const to = isLastPart ? drawn.part.to : drawn.part.from + (cuts[part + 1] ?? 0);
  const range = current === undefined ? undefined : matches.find((one) => one.from === Math.max(0, current));
  const over = { links: drawn.links, matches, current: range, text: shown.text, hasMarks: true };
  const isCut = isLastPart && drawn.part.to < shown.text.length;
  return (
    <div class={name} data-line={part === 0 ? number : undefined}>
      {part === 0 ? (
        <a
          class="log-number"
          style={width}
          href={`#L${number}`}
          tabIndex={-1}
          aria-label={t(w.line_link, { n: number })}
          data-number={number}
          onClick={(event) => onPick?.(event, line)}
        />
      ) : (
        <span class="log-number" style={width} />
      )}
      {drawn.hasJson && part === 0 ? (
        <button
          type="button"
          class="log-fold"
          tabIndex={-1}
          aria-expanded={unfolded !== undefined}
          title={t(unfolded === undefined ? w.unfold : w.fold)}
          onClick={() => onJson(line)}
        >
          <span aria-hidden="true">{unfolded === undefined ? "▸" : "▾"}</span>
        </button>
      ) : (
        <span class="log-fold" />
      )}
      {hasTime && <span class="log-time">{time}</span>}
      <bdi class="log-text" dir="ltr">
        {part === 0 && drawn.part.from > 0 && (
          <span class="log-note">… {t(w.before, { n: drawn.part.from.toLocaleString(languageTag()) })} </span>
        )}
        {segments(shown.pieces, from, to, over).map((segment, at) => (
          <Piece key={at} segment={segment} isDark={isDark} />
        ))}
        {isLastPart && shown.overwritten > 0 && (
          <span class="log-note" data-note={` ⟲ ${t(w.overwritten, { n: shown.overwritten })}`} />
        )}
      </bdi>
      {isCut && (
        <button type="button" class="button small log-more" onClick={() => onGrow(line)}>
          {t(w.more, { n: shown.text.length.toLocaleString(languageTag()) })}
        </button>
      )}
    </div>
  );
}

function Piece({ segment, isDark }: { readonly segment: Segment; readonly isDark: boolean }): JSX.Element | string {
  const { text, style, mark, href, match } = segment;
  const name = classOf(style);
  if (mark !== undefined) {
    return (
      <span
        class="log-mark"
        data-mark={mark}
        title={`U+${(text.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}`}
      >
        <bdi>{text}</bdi>
      </span>
    );
  }
  if (
    name === "" &&
    href === undefined &&
    match === undefined &&
    style.back === NONE &&
    style.front < 16 &&
    (style.flags & INVERSE) === 0
  )
    return text;
  const colours = match === undefined ? coloursOf(style, isDark) : {};
  const inner =
    href === undefined ? (
      text
    ) : (
      <a href={href} target="_blank" rel="noreferrer noopener">
        {text}
      </a>
    );
  if (match !== undefined) return <mark class={`${name} ${match === "current" ? "is-current" : ""}`}>{inner}</mark>;
  return (
    <span class={name} style={{ color: colours.color ?? "", backgroundColor: colours.background ?? "" }}>
      {inner}
    </span>
  );
}

function classOf({ front, flags }: Style): string {
  const names: string[] = [];
  if (front >= 0 && front < 16) names.push(`ansi-${front}`);
  if (flags & BOLD) names.push("ansi-bold");
  if (flags & DIM) names.push("ansi-dim");
  if (flags & ITALIC) names.push("ansi-italic");
  if (flags & UNDERLINE) names.push("ansi-underline");
  if (flags & STRIKE) names.push("ansi-strike");
  return names.join(" ");
}
