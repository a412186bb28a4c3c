// A list of rows of one height that draws only those that are seen. What it knows of the scrollbar is in `window.ts`.

import type { ComponentChildren, JSX, Ref } from "preact";
import { useEffect, useImperativeHandle, useLayoutEffect, useRef, useState } from "preact/hooks";

import { drawn, scrollFor, topOf, topToShow, trackPx, type Frame } from "./window.ts";

export interface ListControl {
  /** Brings a row into view. */
  show(row: number, isCentred: boolean): void;
  /** Scrolls to a place of the rows, in pixels. */
  scrollTo(top_px: number): void;
  /** The place of the rows at the top, in pixels. */
  top(): number;
  /** Whether the last row is in view. */
  isAtEnd(): boolean;
  readonly frame: Frame;
}

interface Props {
  readonly rows: number;
  readonly row_px: number;
  readonly draw: (row: number) => ComponentChildren;
  readonly control?: Ref<ListControl>;
  readonly class?: string;
  readonly attributes?: JSX.IntrinsicElements["div"];
  /** Told after a scroll: the rows that are drawn, and the place at the top. */
  readonly onScroll?: (first: number, end: number, top_px: number) => void;
}

const BESIDE = 12;

export function VirtualList({
  rows,
  row_px,
  draw,
  control,
  class: name = "",
  attributes = {},
  onScroll,
}: Props): JSX.Element {
  const box = useRef<HTMLDivElement>(null);
  const [view_px, setView] = useState(600);
  const [scroll_px, setScroll] = useState(0);
  const frame: Frame = { rows, row_px, view_px };
  const current = useRef(frame);
  current.current = frame;
  useLayoutEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const measure = (): void => setView(Math.max(1, element.clientHeight));
    measure();
    const observer = new ResizeObserver(measure);
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  // A shorter list than before may have moved the scrollbar.
  useLayoutEffect(() => {
    if (box.current !== null) setScroll(box.current.scrollTop);
  }, [rows, view_px, row_px]);
  const scroll = (to_px: number): void => {
    if (box.current === null) return;
    box.current.scrollTop = to_px;
    setScroll(box.current.scrollTop);
  };
  useImperativeHandle(control ?? null, () => ({
    show: (row, isCentred) => {
      const one = current.current;
      scroll(scrollFor(one, topToShow(one, topOf(one, box.current?.scrollTop ?? 0), row, isCentred)));
    },
    scrollTo: (top_px) => scroll(scrollFor(current.current, top_px)),
    top: () => topOf(current.current, box.current?.scrollTop ?? 0),
    isAtEnd: () => {
      const one = current.current;
      return topOf(one, box.current?.scrollTop ?? 0) + one.view_px >= one.rows * one.row_px - 2;
    },
    get frame() {
      return current.current;
    },
  }));
  const { first, end, offset_px } = drawn(frame, scroll_px, BESIDE);
  const seen: ComponentChildren[] = [];
  for (let row = first; row < end; row += 1) seen.push(draw(row));
  useEffect(() => onScroll?.(first, end, topOf(frame, scroll_px)), [first, end, scroll_px, rows]);
  // A long list on a short track: the wheel moves rows by their own pixels, not by the scrollbar's.
  const isScaled = trackPx(frame) < rows * row_px;
  const wheel = (event: WheelEvent): void => {
    if (!isScaled || event.deltaMode !== 0) return;
    event.preventDefault();
    scroll(scrollFor(frame, topOf(frame, box.current?.scrollTop ?? 0) + event.deltaY));
  };
  return (
    <div
      {...attributes}
      ref={box}
      class={`virtual ${name}`}
      onScroll={(event) => setScroll(event.currentTarget.scrollTop)}
      onWheel={wheel}
    >
      <div class="virtual-track" style={{ height: `${trackPx(frame)}px` }}>
        <div class="virtual-rows" style={{ transform: `translateY(${offset_px}px)` }}>
          {seen}
        </div>
      </div>
    </div>
  );
}
