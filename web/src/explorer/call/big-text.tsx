// Shows a text of any size: only the rows in view are elements, and only they are coloured.

import type { ComponentChildren, JSX } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";

import { useText } from "../../shared/i18n.ts";
import { call as words } from "../words.ts";
import { beginsLine, findAll, layOut, rowAt, rowText, type Rows } from "./rows.ts";

const ROW_PX = 18;
const MARGIN_ROWS = 12;
const COLUMNS_MIN = 24;

interface Props {
  readonly text: string;
  readonly label: string;
  /** Whether its lines are JSON as `JSON.stringify` lays it out. */
  readonly isJson: boolean;
}

export function BigText({ text, label, isJson }: Props): JSX.Element {
  const t = useText();
  const box = useRef<HTMLDivElement>(null);
  const [columns, setColumns] = useState(100);
  const [view, setView] = useState({ top: 0, height: 400 });
  const [wanted, setWanted] = useState("");
  const [at, setAt] = useState(0);
  const rows = useMemo(() => layOut(text, columns), [text, columns]);
  const found = useMemo(() => findAll(text, wanted), [text, wanted]);

  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = (): void => {
      setColumns(Math.max(COLUMNS_MIN, Math.floor((element.clientWidth - 24) / characterWidth(element))));
      setView({ top: element.scrollTop, height: element.clientHeight });
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);

  const show = (index: number): void => {
    const place = found[index];
    if (place === undefined || box.current === null) return;
    setAt(index);
    box.current.scrollTop = Math.max(0, rowAt(rows, place) * ROW_PX - view.height / 2);
  };
  const step = (by: number): void => show((at + by + found.length) % found.length);

  const first = Math.max(0, Math.floor(view.top / ROW_PX) - MARGIN_ROWS);
  const last = Math.min(rows.count, Math.ceil((view.top + view.height) / ROW_PX) + MARGIN_ROWS);
  const shown = Array.from({ length: Math.max(0, last - first) }, (_, index) => first + index);
  return (
    <div class="big-text">
      <div class="big-text-find">
        <input
          type="search"
          value={wanted}
          placeholder={t(words.find)}
          aria-label={t(words.find)}
          onInput={(event) => {
            setWanted(event.currentTarget.value);
            setAt(0);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.isComposing || found.length === 0) return;
            event.preventDefault();
            step(event.shiftKey ? -1 : 1);
          }}
        />
        <span class="quiet-text" role="status">
          {wanted === ""
            ? ""
            : found.length === 0
              ? t(words.found_none)
              : t(words.found, { at: at + 1, n: found.length })}
        </span>
      </div>
      <div
        ref={box}
        class="big-text-box"
        tabIndex={0}
        role="region"
        aria-label={label}
        onScroll={(event) => setView({ top: event.currentTarget.scrollTop, height: event.currentTarget.clientHeight })}
      >
        <div class="big-text-all" style={{ height: `${rows.count * ROW_PX}px` }}>
          {shown.map((row) => (
            <bdi key={row} dir="ltr" class="big-text-row" style={{ top: `${row * ROW_PX}px` }}>
              {draw(rows, row, isJson, { length: wanted.length, places: found, current: found[at] })}
            </bdi>
          ))}
        </div>
      </div>
      {rows.isCut && <p class="note warning">{t(words.too_many_rows, { n: rows.count })}</p>}
    </div>
  );
}

function characterWidth(parent: HTMLElement): number {
  const probe = document.createElement("span");
  probe.className = "big-text-row";
  probe.textContent = "0".repeat(50);
  parent.append(probe);
  const width = probe.getBoundingClientRect().width / 50;
  probe.remove();
  return width > 0 ? width : 8;
}

interface Marks {
  readonly length: number;
  readonly places: readonly number[];
  readonly current: number | undefined;
}

function draw(rows: Rows, row: number, isJson: boolean, marks: Marks): ComponentChildren {
  const text = rowText(rows, row);
  const start = rows.starts[row] ?? 0;
  const ends = start + text.length;
  const here = marks.length === 0 ? [] : within(marks.places, start - marks.length + 1, ends);
  if (here.length > 0) return marked(text, start, here, marks);
  if (!isJson) return visible(text);
  return beginsLine(rows, row) ? jsonLine(text) : <span class="code-text">{visible(text)}</span>;
}

/** Of sorted places those from `low` and before `high`; there may be a million, and this is done for every row. */
function within(places: readonly number[], low: number, high: number): readonly number[] {
  let [from, to] = [0, places.length];
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((places[middle] ?? 0) < low) from = middle + 1;
    else to = middle;
  }
  const found: number[] = [];
  for (let index = from; (places[index] ?? high) < high; index += 1) found.push(places[index] ?? 0);
  return found;
}

function marked(text: string, start: number, here: readonly number[], marks: Marks): ComponentChildren {
  const parts: ComponentChildren[] = [];
  let done = 0;
  for (const place of here) {
    const from = Math.max(0, place - start);
    const to = Math.min(text.length, place - start + marks.length);
    parts.push(visible(text.slice(done, from)));
    parts.push(<mark class={place === marks.current ? "current" : undefined}>{visible(text.slice(from, to))}</mark>);
    done = to;
  }
  parts.push(visible(text.slice(done)));
  return parts;
}

const JSON_LINE = /^(\s*)(?:("(?:[^"\\]|\\.)*")(: ))?(.*?)(,?)$/s;

/** One line of JSON as it was laid out: a key, a value, a comma. */
function jsonLine(text: string): ComponentChildren {
  const match = JSON_LINE.exec(text);
  if (match === null) return visible(text);
  const [, space = "", key, colon = "", value = "", comma = ""] = match;
  const kind = value.startsWith('"') ? "code-text" : /^[-\dtfn]/.test(value) ? "code-number" : undefined;
  return (
    <>
      {space}
      {key !== undefined && <span class="code-key">{visible(key)}</span>}
      {colon}
      <span class={kind}>{visible(value)}</span>
      {comma}
    </>
  );
}

const INVISIBLE = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/;

/** Characters that would be invisible, or would turn the text around them, by their numbers. */
function visible(text: string): ComponentChildren {
  if (!INVISIBLE.test(text)) return text;
  return text
    .split(/([\u0000-\u0008\u000b-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff])/)
    .map((part) => {
      if (!INVISIBLE.test(part)) return part;
      return <span class="code-mark">{`U+${part.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`}</span>;
    });
}
