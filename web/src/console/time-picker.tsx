// The window of a view: a button that says it, and a dialog that changes it.

import type { JSX } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";

import { useText, type Translate } from "../shared/i18n.ts";
import { shared } from "../shared/words.ts";
import { formatTime, fromWall } from "../shared/time.ts";
import { endsAt, SINCE_CHOICES, spanMs, type Span } from "./query/span.ts";
import { chooseZone, useZone, useZoneChoice, ZONES } from "./zone.ts";
import { common as w } from "./words.ts";
import { useKeys } from "./keys.ts";

interface Props {
  readonly span: Span;
  readonly onChange: (span: Span) => void;
}

/** The window in words. */
export function spanText(span: Span, zone: string, t: Translate): string {
  if (span.kind === "since") return t(w.last, { span: span.since });
  const { from_ms, to_ms } = span;
  if (from_ms === undefined && to_ms === undefined) return t(w.all_time);
  const end = (ms: number | undefined): string => (ms === undefined ? "…" : formatTime(ms, zone));
  const [from, to] = [end(from_ms), end(to_ms)];
  // The date once, where both ends have it.
  return `${from} – ${from.slice(0, 10) === to.slice(0, 10) ? to.slice(11) : to}`;
}

export function TimePicker({ span, onChange }: Props): JSX.Element {
  const t = useText();
  const zone = useZone();
  const [isOpen, setOpen] = useState(false);
  const box = useRef<HTMLDivElement>(null);
  const button = useRef<HTMLButtonElement>(null);
  const close = (): void => {
    setOpen(false);
    button.current?.focus();
  };
  useKeys({ t: () => setOpen(true), Escape: () => (isOpen ? close() : false) });
  useEffect(() => {
    if (!isOpen) return undefined;
    const leave = (event: Event): void => {
      if (event.target instanceof Node && box.current?.contains(event.target) !== true) setOpen(false);
    };
    document.addEventListener("pointerdown", leave);
    return () => document.removeEventListener("pointerdown", leave);
  }, [isOpen]);
  const choose = (next: Span): void => {
    close();
    onChange(next);
  };
  return (
    <div class="picker" ref={box}>
      <button
        ref={button}
        type="button"
        class="button small"
        aria-haspopup="dialog"
        aria-expanded={isOpen}
        onClick={() => setOpen(!isOpen)}
        title={`${t(w.window)} (t)`}
      >
        <ClockIcon />
        {spanText(span, zone, t)}
      </button>
      {isOpen && <Choices span={span} onChoose={choose} onClose={close} />}
    </div>
  );
}

function Choices({
  span,
  onChoose,
  onClose,
}: {
  readonly span: Span;
  readonly onChoose: (span: Span) => void;
  readonly onClose: () => void;
}): JSX.Element {
  const t = useText();
  const zone = useZone();
  const choice = useZoneChoice();
  const wall = (ms: number | undefined): string => (ms === undefined ? "" : formatTime(ms, zone));
  const ends = span.kind === "since" ? endsAt(span, Date.now()) : span;
  const [from, setFrom] = useState(wall(ends.from_ms));
  const [to, setTo] = useState(wall(ends.to_ms));
  const [other, setOther] = useState("");
  const [problem, setProblem] = useState<"bad_time" | "bad_order">();
  const first = useRef<HTMLButtonElement>(null);
  useEffect(() => first.current?.focus(), []);
  const apply = (event: Event): void => {
    event.preventDefault();
    if (other !== "") {
      if (spanMs(other) === undefined) setProblem("bad_time");
      else onChoose({ kind: "since", since: other });
      return;
    }
    const read = (text: string): number | undefined | null =>
      text.trim() === "" ? undefined : (fromWall(text, zone) ?? null);
    const [from_ms, to_ms] = [read(from), read(to)];
    if (from_ms === null || to_ms === null) setProblem("bad_time");
    else if (from_ms !== undefined && to_ms !== undefined && to_ms <= from_ms) setProblem("bad_order");
    else onChoose({ kind: "fixed", from_ms, to_ms });
  };
  return (
    <div
      class="popover time-choices"
      role="dialog"
      aria-label={t(w.window)}
      onKeyDown={(event) => event.key === "Escape" && onClose()}
    >
      <div class="chips">
        {SINCE_CHOICES.map((since, at) => (
          <button
            key={since}
            ref={at === 0 ? first : null}
            type="button"
            class="chip"
            aria-pressed={span.kind === "since" && span.since === since}
            onClick={() => onChoose({ kind: "since", since })}
          >
            {t(w.last, { span: since })}
          </button>
        ))}
        <button
          type="button"
          class="chip"
          onClick={() => onChoose({ kind: "fixed", from_ms: undefined, to_ms: undefined })}
        >
          {t(w.all_time)}
        </button>
      </div>
      <form onSubmit={apply}>
        <label class="field">
          {t(w.from)}
          <input
            type="text"
            class="mono"
            value={from}
            placeholder="2026-07-01 08:00:00"
            onInput={(event) => setFrom(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          {t(w.to)}
          <input
            type="text"
            class="mono"
            value={to}
            placeholder="2026-07-01 09:00:00"
            onInput={(event) => setTo(event.currentTarget.value)}
          />
        </label>
        <label class="field">
          {t(w.custom_since)}
          <input
            type="text"
            class="mono"
            value={other}
            onInput={(event) => setOther(event.currentTarget.value.trim())}
          />
        </label>
        {problem !== undefined && (
          <p class="note failed" role="alert">
            {t(w[problem])}
          </p>
        )}
        <label class="field">
          {t(w.zone)}
          <select value={choice} onChange={(event) => chooseZone(event.currentTarget.value)}>
            <ZoneOptions choice={choice} />
          </select>
        </label>
        <div class="row-end">
          <button type="button" class="button small quiet" onClick={onClose}>
            {t(shared.close)}
          </button>
          <button type="submit" class="button small primary">
            {t(w.apply)}
          </button>
        </div>
      </form>
    </div>
  );
}

export function ZoneOptions({ choice }: { readonly choice: string }): JSX.Element {
  const t = useText();
  const names: Readonly<Record<string, string>> = { browser: t(w.zone_browser), server: t(w.zone_server), UTC: "UTC" };
  const all = (ZONES as readonly string[]).includes(choice) ? ZONES : [...ZONES, choice];
  return (
    <>
      {all.map((one) => (
        <option key={one} value={one}>
          {names[one] ?? one}
        </option>
      ))}
    </>
  );
}

function ClockIcon(): JSX.Element {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="14" height="14" aria-hidden="true">
      <path d="M8 1.8a6.2 6.2 0 1 0 .01 0M8 4.5V8l2.4 1.6" />
    </svg>
  );
}
