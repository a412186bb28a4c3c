// The output of a run: all of it, from the first line, drawn a screen at a time.

import type { JSX } from "preact";
import { useEffect, useLayoutEffect, useMemo, useRef, useState } from "preact/hooks";

import { copyText } from "../../shared/clipboard.ts";
import { ByHand } from "../../shared/copy-button.tsx";
import { languageTag, useText } from "../../shared/i18n.ts";
import { useStore } from "../../shared/store.ts";
import { formatTime } from "../../shared/time.ts";
import { isDark, theme } from "../../shared/theme.ts";
import { shared } from "../../shared/words.ts";
import { useKeys } from "../keys.ts";
import { VirtualList, type ListControl } from "../list/virtual.tsx";
import { linesHash, linesOf } from "../screen.ts";
import { lengthText } from "../query/span.ts";
import { firstAfter, matchLines, TROUBLE, withContext, type Matches, type Needle } from "./find.ts";
import { Finder, TooSlow } from "./finder.ts";
import { Layout, LINE_SHOWN_MAX, partOf, type Part } from "./layout.ts";
import { isPlatformLine, jsonOf, Log, timeOf } from "./model.ts";
import { LogRow, type DrawnLine } from "./row.tsx";
import { linksIn } from "./segments.ts";
import { FindBar } from "./toolbar.tsx";
import { logWords as w } from "./words.ts";
import "./log.css";

export interface ViewOptions {
  readonly find: string;
  readonly isExpression: boolean;
  readonly isCaseSensitive: boolean;
  readonly isOnly: boolean;
  readonly isWrapped: boolean;
  readonly time: "none" | "clock" | "since";
  readonly isRaw: boolean;
}

export const DEFAULT_OPTIONS: ViewOptions = {
  find: "",
  isExpression: false,
  isCaseSensitive: false,
  isOnly: false,
  isWrapped: true,
  time: "none",
  isRaw: false,
};

interface Props {
  /** As it is stored. */
  readonly text: string;
  readonly zone: string;
  readonly options: ViewOptions;
  readonly onOptions: (changes: Partial<ViewOptions>) => void;
  /** `L12-L14`: the selected lines. */
  readonly hash: string;
  readonly onHash: ((hash: string) => void) | undefined;
  /** Where to begin: at the last error of a failed run. */
  readonly begin: "top" | "trouble" | "end";
  readonly isRunning: boolean;
  readonly isCompact: boolean;
  /** Of a download. */
  readonly name: string;
}

const ROW_PX = 20;
const CONTEXT_LINES = 2;
const PART_MORE = 65_536;
const CACHE_LINES = 3000;

const NO_MATCHES: Matches = new Uint32Array(0);

export function LogViewer({
  text,
  zone,
  options,
  onOptions,
  hash,
  onHash,
  begin,
  isRunning,
  isCompact,
  name,
}: Props): JSX.Element {
  const t = useText();
  useStore(theme);
  const dark = isDark();
  const log = useMemo(() => new Log(text, options.isRaw), [text, options.isRaw]);
  const [columns, measure] = useColumns(log.lines, options.time !== "none");
  const [unfolded, setUnfolded] = useState<ReadonlyMap<number, readonly string[]>>(new Map());
  const [parts, setParts] = useState<ReadonlyMap<number, Part>>(new Map());
  const found = useMatches(log.plain, options);
  const trouble = useTrouble(log);
  const [at, setAt] = useState(-1);
  const [notice, setNotice] = useState<"wrapped_end" | "wrapped_start">();
  const [newLines, setNewLines] = useState(0);
  const list = useRef<ListControl>(null);
  const input = useRef<HTMLInputElement>(null);
  const lines = useMemo(() => matchLines(found.matches, (offset) => log.lineOf(offset)), [found.matches]);
  const only = options.isOnly && options.find !== "" ? lines : undefined;
  const layout = useMemo(
    () =>
      new Layout(log, {
        columns: options.isWrapped ? columns : 0,
        only: only && withContext(only, CONTEXT_LINES, log.lines),
        unfolded,
        parts,
      }),
    [log, columns, options.isWrapped, only, unfolded, parts],
  );
  const cache = useMemo(() => new Map<number, DrawnLine>(), [layout]);
  const selected = linesOf(hash);

  const drawn = (line: number): DrawnLine => {
    const known = cache.get(line);
    if (known !== undefined) return known;
    if (cache.size > CACHE_LINES) cache.clear();
    const shown = log.shown(line);
    const cut = partOf(shown.text.length, parts.get(line));
    const made: DrawnLine = {
      shown,
      part: cut,
      cuts: layout.cuts(line, shown.text),
      links: shown.text.length <= LINE_SHOWN_MAX * 4 ? linksIn(shown.text) : [],
      isPlatform: isPlatformLine(shown.text.slice(0, 200)),
      hasJson: jsonOf(shown.text) !== undefined,
    };
    cache.set(line, made);
    return made;
  };

  /** Brings a place of a line to the middle, with the part of a long line that it is in. */
  const [goal, setGoal] = useState<{ readonly line: number; readonly column: number } | undefined>();
  useLayoutEffect(() => {
    if (goal === undefined) return;
    list.current?.show(layout.rowOfColumn(goal.line, log.shown(goal.line).text, goal.column), true);
    setGoal(undefined);
  }, [goal, layout]);
  const showPlace = (line: number, column: number): void => {
    const length = log.shown(line).text.length;
    const cut = partOf(length, parts.get(line));
    if (column >= cut.to || column < cut.from) {
      const from = Math.max(0, column - LINE_SHOWN_MAX / 2);
      setParts(new Map(parts).set(line, { from, to: Math.min(length, from + LINE_SHOWN_MAX) }));
    }
    setGoal({ line, column });
  };
  const goToMatch = (next: number): void => {
    const count = found.matches.length / 2;
    if (count === 0) return;
    const wrapped = ((next % count) + count) % count;
    setNotice(next >= count ? "wrapped_end" : next < 0 ? "wrapped_start" : undefined);
    setAt(wrapped);
    const offset = found.matches[wrapped * 2] as number;
    const line = log.lineOf(offset);
    showPlace(line, Math.max(0, offset - (log.plainStarts[line] as number) - log.shown(line).base));
  };
  const topLine = (): number => layout.place(Math.floor((list.current?.top() ?? 0) / ROW_PX)).line;
  const goToTrouble = (direction: 1 | -1): void => {
    if (trouble.length === 0) return;
    const here = selected?.first !== undefined ? selected.first - 1 : topLine();
    const next =
      direction === 1
        ? (trouble.find((line) => line > here) ?? trouble[0])
        : (trouble.findLast((line) => line < here) ?? trouble.at(-1));
    if (next === undefined) return;
    onHash?.(linesHash(next + 1, next + 1));
    showPlace(next, 0);
  };

  // A new search goes to the first match after what is on the screen.
  useEffect(() => {
    setNotice(undefined);
    if (found.matches.length === 0) {
      setAt(-1);
      return;
    }
    if (found.isTyped)
      goToMatch(firstAfter(found.matches, log.plainStarts[topLine()] ?? 0) % (found.matches.length / 2));
  }, [found.matches]);

  // Where a run is opened: the linked line, else its last error, else where it begins.
  const isPlaced = useRef(false);
  useLayoutEffect(() => {
    if (isPlaced.current || columns === 0) return;
    const target = linesOf(hash);
    if (target !== undefined) {
      isPlaced.current = target.last <= log.lines || !isRunning;
      showPlace(Math.min(target.first - 1, Math.max(0, log.lines - 1)), 0);
    } else if (begin === "end") {
      isPlaced.current = true;
      list.current?.scrollTo(Number.MAX_SAFE_INTEGER);
    } else if (begin === "top") isPlaced.current = true;
    else if (trouble.length > 0) {
      isPlaced.current = true;
      const line = trouble.at(-1) ?? 0;
      setGoal({ line, column: 0 });
    }
  }, [trouble, columns, log]);
  useLayoutEffect(() => {
    const target = linesOf(hash);
    if (!isPlaced.current || target === undefined) return;
    const row = layout.rowOf(target.first - 1);
    const top = list.current?.top() ?? 0;
    const view = list.current?.frame.view_px ?? 0;
    if (row * ROW_PX < top || row * ROW_PX > top + view - ROW_PX)
      showPlace(Math.min(target.first - 1, log.lines - 1), 0);
  }, [hash]);

  // While a run prints, its end stays in view if it was; else the reader stays where they are.
  const before = useRef({ lines: log.lines, wasAtEnd: false });
  useLayoutEffect(() => {
    const grown = log.lines - before.current.lines;
    if (grown > 0) {
      if (before.current.wasAtEnd) list.current?.scrollTo(Number.MAX_SAFE_INTEGER);
      else setNewLines((count) => count + grown);
    }
    before.current.lines = log.lines;
  }, [log]);

  const copy = async (): Promise<void> => {
    const all = selected === undefined ? log.text : log.slice(selected.first - 1, selected.last - 1);
    if (!(await copyText(all))) {
      setByHand(all);
      return;
    }
    setSaid(t(shared.copied));
    setTimeout(() => setSaid(""), 2000);
  };
  const [byHand, setByHand] = useState<string>();
  const [said, setSaid] = useState("");
  const nextTime = options.time === "none" ? "clock" : options.time === "clock" ? "since" : "none";
  const scrollRows = (rows: number): void => list.current?.scrollTo((list.current.top() ?? 0) + rows * ROW_PX);
  const focusFind = (): void => {
    input.current?.focus();
    input.current?.select();
  };
  const full = {
    j: () => scrollRows(1),
    k: () => scrollRows(-1),
    t: () => onOptions({ time: nextTime }),
    f: () => onOptions({ isOnly: !options.isOnly }),
    g: () => list.current?.scrollTo(0),
    G: () => list.current?.scrollTo(Number.MAX_SAFE_INTEGER),
    "/": focusFind,
    e: () => goToTrouble(1),
    E: () => goToTrouble(-1),
  };
  useKeys({ n: () => goToMatch(at + 1), N: () => goToMatch(at - 1), c: () => void copy(), ...(isCompact ? {} : full) });
  useBrowserFind(isCompact, input);

  const startOf = useMemo(() => firstTime(log), [log]);
  const timeText = (line: number): string => {
    if (options.time === "none") return "";
    const ms = timeOf(log.plainLine(line).slice(0, 64));
    if (ms === undefined) return "";
    if (options.time === "clock") return formatTime(ms, zone, { part: "time", millis: true });
    return `+${lengthText(Math.max(0, ms - (startOf ?? ms)))}`;
  };
  const matchesOf = (line: number, base: number): { readonly from: number; readonly to: number }[] => {
    const start = log.plainStarts[line] as number;
    const end = log.plainStarts[line + 1] as number;
    const ranges: { from: number; to: number }[] = [];
    for (
      let index = firstAfter(found.matches, start);
      index * 2 < found.matches.length && ranges.length < 500;
      index += 1
    ) {
      const from = found.matches[index * 2] as number;
      if (from >= end) break;
      const to = Math.min(end, found.matches[index * 2 + 1] as number);
      if (to - start > base) ranges.push({ from: Math.max(0, from - start - base), to: to - start - base });
    }
    return ranges;
  };
  const currentOffset = at >= 0 ? found.matches[at * 2] : undefined;
  const pick = (event: MouseEvent, line: number): void => {
    event.preventDefault();
    const number = line + 1;
    onHash?.(event.shiftKey && selected !== undefined ? linesHash(selected.first, number) : linesHash(number, number));
  };
  const toggleJson = (line: number): void => {
    const next = new Map(unfolded);
    const json = jsonOf(log.shown(line).text);
    if (next.has(line) || json === undefined) next.delete(line);
    else next.set(line, JSON.stringify(json.value, null, 2).split("\n"));
    setUnfolded(next);
  };
  const grow = (line: number): void => {
    const length = log.shown(line).text.length;
    const cut = partOf(length, parts.get(line));
    setParts(new Map(parts).set(line, { from: cut.from, to: Math.min(length, cut.to + PART_MORE) }));
  };
  const number = (value: number): string => value.toLocaleString(languageTag());
  const download = (content: string): void => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([content], { type: "text/plain" }));
    link.download = `${name.replace(/[^\w.-]+/g, "_")}.log`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
  };
  return (
    <section
      class={`log ${isCompact ? "is-compact" : ""} ${options.isWrapped ? "is-wrapped" : ""}`}
      aria-label={t(w.log_of)}
    >
      <FindBar
        options={options}
        onOptions={onOptions}
        input={input}
        count={found.matches.length / 2}
        at={at}
        problem={found.problem}
        notice={notice}
        onStep={(step) => goToMatch(at + step)}
        trouble={trouble.length}
        onTrouble={goToTrouble}
        selectedLines={selected === undefined ? 0 : selected.last - selected.first + 1}
        onCopy={() => void copy()}
        said={said}
        lines={log.lines}
        isCompact={isCompact}
        nextTime={nextTime}
        onDownload={() => download(only === undefined ? log.text : [...only].map((line) => log.line(line)).join("\n"))}
      />
      {byHand !== undefined && <ByHand text={byHand} onClose={() => setByHand(undefined)} />}
      <div class="log-body" ref={measure}>
        {log.lines === 0 ? (
          <p class="state quiet-text">{t(isRunning ? w.empty_running : w.empty)}</p>
        ) : (
          <VirtualList
            rows={layout.rows}
            row_px={ROW_PX}
            class="log-rows"
            control={list}
            attributes={{ tabIndex: 0, role: "region", "aria-label": t(w.log_of) }}
            onScroll={() => {
              const isAtEnd = list.current?.isAtEnd() ?? false;
              before.current.wasAtEnd = isAtEnd;
              if (isAtEnd && newLines > 0) setNewLines(0);
            }}
            draw={(row) => {
              const { line, part } = layout.place(row);
              const one = drawn(line);
              return (
                <LogRow
                  key={`${line}.${part}`}
                  line={line}
                  part={part}
                  drawn={one}
                  unfolded={unfolded.get(line)}
                  isDark={dark}
                  matches={found.matches.length === 0 ? [] : matchesOf(line, one.shown.base)}
                  current={
                    currentOffset === undefined
                      ? undefined
                      : currentOffset - (log.plainStarts[line] as number) - one.shown.base
                  }
                  isSelected={selected !== undefined && line + 1 >= selected.first && line + 1 <= selected.last}
                  time={part === 0 ? timeText(line) : ""}
                  hasTime={options.time !== "none"}
                  gutter={String(log.lines).length}
                  onPick={onHash === undefined ? undefined : pick}
                  onJson={toggleJson}
                  onGrow={grow}
                />
              );
            }}
          />
        )}
        {!isCompact && log.lines > 0 && <Minimap total={log.lines} trouble={trouble} matches={lines} />}
        {newLines > 0 && (
          <button type="button" class="chip log-new" onClick={() => list.current?.scrollTo(Number.MAX_SAFE_INTEGER)}>
            ↓ {t(w.new_lines, { n: number(newLines) })}
          </button>
        )}
      </div>
    </section>
  );
}

/** How many columns a row has, and what measures it. */
function useColumns(lines: number, hasTime: boolean): [number, (element: HTMLElement | null) => void] {
  const [columns, setColumns] = useState(0);
  const element = useRef<HTMLElement | null>(null);
  useLayoutEffect(() => {
    const box = element.current;
    if (box === null) return undefined;
    const probe = document.createElement("span");
    probe.className = "log-probe";
    probe.textContent = "0".repeat(100);
    box.append(probe);
    const measure = (): void => {
      const character = probe.getBoundingClientRect().width / 100;
      const isNarrow = window.innerWidth <= 900;
      const gutter = isNarrow ? 8 : character * (String(lines).length + 2) + 34;
      const time = hasTime ? character * 13 : 0;
      if (character > 0) setColumns(Math.max(10, Math.floor((box.clientWidth - gutter - time - 24) / character)));
    };
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(box);
    return () => {
      observer.disconnect();
      probe.remove();
    };
  }, [String(lines).length, hasTime]);
  return [
    columns,
    (one) => {
      element.current = one;
    },
  ];
}

interface Found {
  readonly matches: Matches;
  readonly problem: "too_slow" | "bad" | undefined;
  /** Whether it answers a question that was typed just now, not one of the URL over a text that grew. */
  readonly isTyped: boolean;
}

function useFinder(plain: string): Finder {
  const finder = useMemo(() => new Finder(plain), [plain]);
  useEffect(() => () => finder.close(), [finder]);
  return finder;
}

function useMatches(plain: string, { find, isExpression, isCaseSensitive }: ViewOptions): Found {
  const finder = useFinder(plain);
  const [found, setFound] = useState<Found>({ matches: NO_MATCHES, problem: undefined, isTyped: false });
  const last = useRef("");
  useEffect(() => {
    const needle: Needle = { text: find, isExpression, isCaseSensitive };
    if (find === "") {
      last.current = "";
      setFound({ matches: NO_MATCHES, problem: undefined, isTyped: false });
      return undefined;
    }
    let isOver = false;
    const asked = JSON.stringify(needle);
    const isTyped = asked !== last.current;
    last.current = asked;
    finder.find(needle).then(
      (matches) => isOver || setFound({ matches, problem: undefined, isTyped }),
      (error: unknown) =>
        isOver || setFound({ matches: NO_MATCHES, problem: error instanceof TooSlow ? "too_slow" : "bad", isTyped }),
    );
    return () => {
      isOver = true;
    };
  }, [finder, find, isExpression, isCaseSensitive]);
  return found;
}

/** The lines that speak of trouble, ascending. */
function useTrouble(log: Log): number[] {
  const finder = useFinder(log.plain);
  const [lines, setLines] = useState<number[]>([]);
  useEffect(() => {
    let isOver = false;
    if (log.lines === 0) return undefined;
    finder.find(TROUBLE).then(
      (matches) => {
        if (isOver) return;
        const found = matchLines(matches, (offset) => log.lineOf(offset));
        setLines([...found].filter((line) => !isPlatformLine(log.plainLine(line).slice(0, 200))));
      },
      () => undefined,
    );
    return () => {
      isOver = true;
    };
  }, [log]);
  return lines;
}

function firstTime(log: Log): number | undefined {
  for (let line = 0; line < Math.min(log.lines, 50); line += 1) {
    const ms = timeOf(log.plainLine(line).slice(0, 64));
    if (ms !== undefined) return ms;
  }
  return undefined;
}

/** The first Ctrl+F searches all of the output; a second one is the browser's. */
function useBrowserFind(isCompact: boolean, input: { readonly current: HTMLInputElement | null }): void {
  useLayoutEffect(() => {
    if (isCompact) return undefined;
    const listen = (event: KeyboardEvent): void => {
      if (event.key !== "f" || !(event.ctrlKey || event.metaKey) || event.shiftKey || event.altKey) return;
      if (document.activeElement === input.current) return;
      event.preventDefault();
      input.current?.focus();
      input.current?.select();
    };
    document.addEventListener("keydown", listen);
    return () => document.removeEventListener("keydown", listen);
  }, [isCompact]);
}

const MAP_CELLS = 240;

/** Errors and matches of the whole output beside the scrollbar. */
function Minimap({
  total,
  trouble,
  matches,
}: {
  readonly total: number;
  readonly trouble: readonly number[];
  readonly matches: Uint32Array;
}): JSX.Element {
  const cells = (lines: Iterable<number>): number[] => {
    const set = new Set<number>();
    for (const line of lines) set.add(Math.floor((line / total) * MAP_CELLS));
    return [...set];
  };
  return (
    <svg class="log-map" viewBox={`0 0 10 ${MAP_CELLS}`} preserveAspectRatio="none" aria-hidden="true">
      {cells(trouble).map((cell) => (
        <rect key={`t${cell}`} class="map-trouble" x={1} y={cell} width={8} height={1.4} />
      ))}
      {cells(matches).map((cell) => (
        <rect key={`m${cell}`} class="map-match" x={3} y={cell} width={7} height={1.2} />
      ))}
    </svg>
  );
}
