// Times with their zone. One formatter for axis, table and tooltip, so that they agree; no library.

import { remember, remembered } from "./memory.ts";
import { Store } from "./store.ts";

/** `browser`, `server`, `UTC`, or a name of the zone database. */
export type ZoneChoice = string;

const KEY = "zone";

export const zone = new Store<ZoneChoice>(remembered(KEY) ?? "browser");

/** Chooses the zone, and remembers it on this browser. */
export function setZone(next: ZoneChoice): void {
  remember(KEY, next);
  zone.set(next);
}

/** What the formatter takes: `+08:00` or a name of the zone database. */
export function resolveZone(choice: ZoneChoice, server: string): string {
  if (choice === "browser") return Intl.DateTimeFormat().resolvedOptions().timeZone;
  return choice === "server" ? server : choice;
}

const MINUTE_MS = 60_000;
const FIXED = /^([+-])(\d{2}):?(\d{2})$/;

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(name: string): Intl.DateTimeFormat {
  let found = formatters.get(name);
  if (found === undefined) {
    found = new Intl.DateTimeFormat("en-US", {
      timeZone: name,
      hourCycle: "h23",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formatters.set(name, found);
  }
  return found;
}

/** How far `zone` is ahead of UTC at `ms`, in minutes. */
export function offsetMinutes(ms: number, zoneName: string): number {
  const fixed = FIXED.exec(zoneName);
  if (fixed !== null) return (fixed[1] === "-" ? -1 : 1) * (Number(fixed[2]) * 60 + Number(fixed[3]));
  if (zoneName === "UTC") return 0;
  const parts: Record<string, number> = {};
  for (const { type, value } of formatter(zoneName).formatToParts(ms)) parts[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
  const wall = Date.UTC(year, month - 1, day, hour, minute, second);
  return Math.round((wall - Math.floor(ms / 1000) * 1000) / MINUTE_MS);
}

/** `+08:00`. */
export function offsetText(minutes: number): string {
  const size = Math.abs(minutes);
  const two = (value: number): string => String(value).padStart(2, "0");
  return `${minutes < 0 ? "-" : "+"}${two(Math.floor(size / 60))}:${two(size % 60)}`;
}

export interface TimeStyle {
  /** Milliseconds too. */
  readonly millis?: boolean;
  /** The zone's offset after it. */
  readonly offset?: boolean;
  /** `time` leaves the date out, `date` the time. */
  readonly part?: "time" | "date";
}

/** `2026-07-01 08:00:00 +08:00`. */
export function formatTime(ms: number, zoneName: string, style: TimeStyle = {}): string {
  const minutes = offsetMinutes(ms, zoneName);
  const wall = new Date(ms + minutes * MINUTE_MS).toISOString();
  const date = wall.slice(0, 10);
  const time = wall.slice(11, style.millis === true ? 23 : 19);
  const text = style.part === "time" ? time : style.part === "date" ? date : `${date} ${time}`;
  return style.offset === true ? `${text} ${offsetText(minutes)}` : text;
}

/** The moment of a wall time in `zone`, in Unix milliseconds. A time that a clock change skips is the one after it. */
export function fromWall(text: string, zoneName: string): number | undefined {
  const match = /^(\d{4})-(\d{2})-(\d{2})(?:[ T](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,3}))?)?)?$/.exec(text.trim());
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match.slice(1, 7).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const millis = Number((match[7] ?? "").padEnd(3, "0"));
  const wall = Date.UTC(year, month - 1, day, hour, minute, second, millis);
  const back = new Date(wall);
  const isReal =
    back.getUTCMonth() === month - 1 && back.getUTCDate() === day && hour < 24 && minute < 60 && second < 60;
  if (!isReal) return undefined;
  const guess = wall - offsetMinutes(wall, zoneName) * MINUTE_MS;
  return wall - offsetMinutes(guess, zoneName) * MINUTE_MS;
}
