// The URL is the state of a page. Going somewhere pushes an entry of the history; typing, scrolling and a live cursor
// replace the present one, so that Back leads to where a person was and not through each letter.

import { Store } from "./store.ts";

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Without the `#`. */
  readonly hash: string;
}

function read(): Place {
  const { pathname, search, hash } = window.location;
  return { path: pathname, query: new URLSearchParams(search), hash: hash.slice(1) };
}

/** Where the page is. */
export const place = new Store<Place>(typeof window === "undefined" ? { path: "/", query: new URLSearchParams(), hash: "" } : read());

if (typeof window !== "undefined") {
  const follow = (): void => place.set(read());
  window.addEventListener("popstate", follow);
  window.addEventListener("hashchange", follow);
}

/** Goes to a view: Back returns. Does nothing when the page is there already. */
export function go(url: string): void {
  change(url, "pushState");
}

/** Corrects the URL of the present view. */
export function correct(url: string): void {
  change(url, "replaceState");
}

function change(url: string, how: "pushState" | "replaceState"): void {
  const target = new URL(url, window.location.href);
  if (target.href === window.location.href) return;
  history[how](null, "", target.pathname + target.search + target.hash);
  place.set(read());
}

/** The present URL with some parameters of the query changed; `undefined` and `""` remove one. */
export function withQuery(changes: Readonly<Record<string, string | undefined>>, from: Place = place.get()): string {
  const query = new URLSearchParams(from.query);
  for (const [name, value] of Object.entries(changes)) {
    if (value === undefined || value === "") query.delete(name);
    else query.set(name, value);
  }
  const text = query.toString();
  return from.path + (text === "" ? "" : `?${text}`) + (from.hash === "" ? "" : `#${from.hash}`);
}

/** For `onClick` of a link within the page: a plain click goes there, a click with Ctrl or the middle button opens a tab. */
export function followLink(event: MouseEvent): void {
  const link = event.currentTarget;
  if (!(link instanceof HTMLAnchorElement)) return;
  if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  go(link.href);
}
