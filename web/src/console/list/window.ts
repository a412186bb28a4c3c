// Which rows of a long list are drawn: arithmetic alone, for rows of one height.
//
// A browser ends an element's height near 16.7 million pixels. A longer list is drawn on a shorter track: the scrollbar
// then moves faster than the rows, and rows are placed relative to it.

/** The longest track, in pixels. */
export const TRACK_MAX_PX = 8_000_000;

export interface Frame {
  readonly rows: number;
  readonly row_px: number;
  /** Height of what is seen. */
  readonly view_px: number;
}

/** The height of the element that scrolls. */
export function trackPx(frame: Frame): number {
  return Math.min(frame.rows * frame.row_px, TRACK_MAX_PX);
}

/** How far into the rows a place of the scrollbar is, in pixels. */
export function topOf(frame: Frame, scroll_px: number): number {
  const whole = frame.rows * frame.row_px;
  const track = trackPx(frame);
  if (whole === track) return clamp(scroll_px, 0, Math.max(0, whole - frame.view_px));
  const share = clamp(scroll_px / Math.max(1, track - frame.view_px), 0, 1);
  return share * (whole - frame.view_px);
}

/** The place of the scrollbar that shows a place of the rows at the top. */
export function scrollFor(frame: Frame, top_px: number): number {
  const whole = frame.rows * frame.row_px;
  const track = trackPx(frame);
  const top = clamp(top_px, 0, Math.max(0, whole - frame.view_px));
  if (whole === track) return top;
  return (top / Math.max(1, whole - frame.view_px)) * (track - frame.view_px);
}

export interface Drawn {
  /** The first row that is drawn. */
  readonly first: number;
  /** The row after the last one. */
  readonly end: number;
  /** Where the first row is on the track, in pixels. */
  readonly offset_px: number;
}

/** The rows to draw with the scrollbar at a place: those that are seen, and some on either side. */
export function drawn(frame: Frame, scroll_px: number, beside: number): Drawn {
  const top = topOf(frame, scroll_px);
  const first = clamp(Math.floor(top / frame.row_px) - beside, 0, frame.rows);
  const end = clamp(Math.ceil((top + frame.view_px) / frame.row_px) + beside, first, frame.rows);
  const shift = trackPx(frame) === frame.rows * frame.row_px ? 0 : scroll_px - top;
  return { first, end, offset_px: first * frame.row_px + shift };
}

/** The top that brings a row into view: as it is where the row is seen, else the nearest, or centred. */
export function topToShow(frame: Frame, top_px: number, row: number, isCentred: boolean): number {
  const start = row * frame.row_px;
  if (isCentred) return Math.max(0, start - Math.max(0, frame.view_px - frame.row_px) / 2);
  if (start < top_px) return start;
  const end = start + frame.row_px;
  return end > top_px + frame.view_px ? end - frame.view_px : top_px;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
