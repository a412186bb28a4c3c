// Keys of the console. Single letters can be switched off, are silent while a person types or composes, and never mean
// anything together with Ctrl, Alt or Meta.

import { useLayoutEffect, useRef } from "preact/hooks";

import { remember, remembered } from "../shared/memory.ts";
import { Store } from "../shared/store.ts";

const KEY = "letter_keys";

/** Whether single letters are keys. */
export const lettersOn = new Store(remembered(KEY) !== "off");

export function setLetters(isOn: boolean): void {
  remember(KEY, isOn ? undefined : "off");
  lettersOn.set(isOn);
}

/** By `KeyboardEvent.key`. An action that returns `false` leaves the key to others. */
export type Keys = Readonly<Record<string, (event: KeyboardEvent) => unknown>>;

/** The keys of the views on the page; those that came last are asked first. */
const layers: { current: Keys }[] = [];

/** The keys of a view, while it is on the page. */
export function useKeys(keys: Keys): void {
  const layer = useRef(keys);
  layer.current = keys;
  // Before the view is painted: a key that is pressed as soon as the view is seen is its own.
  useLayoutEffect(() => {
    layers.push(layer);
    return () => void layers.splice(layers.indexOf(layer), 1);
  }, []);
}

/** Whether a key belongs to what has the focus, not to the page. */
export function isTyping(target: unknown): boolean {
  if (typeof HTMLElement === "undefined" || !(target instanceof HTMLElement)) return false;
  if (target.isContentEditable || target instanceof HTMLTextAreaElement || target instanceof HTMLSelectElement)
    return true;
  return target instanceof HTMLInputElement && !["checkbox", "radio", "button"].includes(target.type);
}

interface Pressed {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly isComposing: boolean;
  readonly target: unknown;
}

/** Whether the page hears a key. */
export function isHeard(event: Pressed, areLettersOn: boolean): boolean {
  if (event.isComposing || event.ctrlKey || event.altKey || event.metaKey) return false;
  if (event.key === "Escape") return true;
  if (isTyping(event.target)) return false;
  return areLettersOn || event.key.length > 1;
}

/** Begins to listen. */
export function listenToKeys(): void {
  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || !isHeard(event, lettersOn.get())) return;
    // Enter and blank belong to the link or button that has the focus.
    const isControl =
      event.target instanceof HTMLElement && event.target.closest("a, button, summary, [role='menuitem']") !== null;
    if (isControl && (event.key === "Enter" || event.key === " ")) return;
    for (const layer of [...layers].reverse()) {
      const action = layer.current[event.key];
      if (action === undefined || action(event) === false) continue;
      event.preventDefault();
      return;
    }
  });
}
