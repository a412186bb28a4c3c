// The URL is the state of a page. Going somewhere pushes an entry of the history; typing, scrolling and a live cursor
// replace the present one, so that Back leads to where a person was and not through each letter.

import { Store } from "./store.ts";

export interface Place {
  readonly path: string;
  readonly query: URLSearchParams;
  /** Without the `#`. */
  readonly hash: string;
}

function parse({ pathname, search, hash }: Pick<URL, "pathname" | "search" | "hash">): Place {
  return { path: pathname, query: new URLSearchParams(search), hash: hash.slice(1) };
}

const isPage = typeof window !== "undefined";

/** Where the page is. The address bar follows a moment later while somebody types. */
export const place = new Store<Place>(
  isPage ? parse(window.location) : { path: "/", query: new URLSearchParams(), hash: "" },
);

/** Browsers refuse a hundred or two changes of the address within seconds, so letters are gathered for this long. */
const SETTLE_MS = 200;

let pending: { readonly href: string; readonly timer: ReturnType<typeof setTimeout> } | undefined;

function settle(): void {
  if (pending === undefined) return;
  clearTimeout(pending.timer);
  history.replaceState(null, "", pending.href);
  pending = undefined;
}

function drop(): void {
  if (pending !== undefined) clearTimeout(pending.timer);
  pending = undefined;
}

if (isPage) {
  const follow = (): void => {
    drop();
    place.set(parse(window.location));
  };
  window.addEventListener("popstate", follow);
  window.addEventListener("hashchange", follow);
  window.addEventListener("pagehide", settle);
}

function hrefNow(): string {
  return pending?.href ?? window.location.href;
}

/** Goes to a view: Back returns. Does nothing when the page is there already. */
export function go(url: string): void {
  const target = new URL(url, hrefNow());
  if (target.href === hrefNow()) return;
  settle();
  history.pushState(null, "", target.href);
  place.set(parse(target));
}

/** Corrects the URL of the present view: at once in [`place`], in the address bar when the typing pauses. */
export function correct(url: string): void {
  const target = new URL(url, hrefNow());
  if (target.href === hrefNow()) return;
  drop();
  pending = { href: target.href, timer: setTimeout(settle, SETTLE_MS) };
  place.set(parse(target));
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
