// Fails the build when a page is heavier than its budget, or when a built page breaks the content security policy.
//
// A page's weight is what its first view loads: the files its HTML names and what those import statically, gzipped.
// What loads later on demand is counted to the page's total.

import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const DIST = join(dirname(fileURLToPath(import.meta.url)), "..", "dist");
const TOTAL_MAX_BYTES = 150_000;
const FIRST_MAX_BYTES = { "console.html": 90_000 };

const read = (path) => readFileSync(join(DIST, path));
const weight = (path) => gzipSync(read(path), { level: 9 }).length;

/** Files that a script names: static imports alone, or dynamic ones and workers too. */
function named(path, withLater) {
  if (!path.endsWith(".js")) return [];
  const text = read(path).toString("utf8");
  const isStatic = /(?:^|[;}\n])(?:import|export)(?:[^"'()`]*?from)?\s*["']([^"']+)["']/g;
  const isAny = /["'`]((?:\.{0,2}\/)?(?:assets\/)?[\w.-]+\.(?:js|css))["'`]/g;
  const found = [...text.matchAll(isStatic)];
  if (withLater) found.push(...text.matchAll(isAny));
  const known = new Set(readdirSync(join(DIST, "assets")));
  return found
    .map((match) => posix.basename(match[1]))
    .filter((name) => known.has(name))
    .map((name) => `assets/${name}`);
}

function closure(start, withLater) {
  const seen = new Set();
  const open = [...start];
  while (open.length > 0) {
    const path = open.pop();
    if (seen.has(path)) continue;
    seen.add(path);
    open.push(...named(path, withLater));
  }
  return [...seen];
}

let failed = false;
const complain = (text) => {
  console.error(`budget: ${text}`);
  failed = true;
};

for (const page of readdirSync(DIST)
  .filter((name) => name.endsWith(".html"))
  .sort()) {
  const html = read(page).toString("utf8");
  if (/<script(?![^>]*\ssrc=)/.test(html) || /<style|\sstyle=|\son\w+=/.test(html))
    complain(`${page}: inline script or style`);
  if (/(?:src|href)="(?:https?:)?\/\//.test(html)) complain(`${page}: names another host`);
  const start = [...html.matchAll(/(?:src|href)="\/([^"]+)"/g)].map((match) => match[1]);
  const sum = (paths) => paths.reduce((total, path) => total + weight(path), weight(page));
  const first = sum(closure(start, false));
  const total = sum(closure(start, true));
  const kilobytes = (bytes) => `${(bytes / 1000).toFixed(1).padStart(6)} kB`;
  console.log(`${page.padEnd(15)} first view ${kilobytes(first)}   all ${kilobytes(total)} (gzip)`);
  const max = FIRST_MAX_BYTES[page] ?? TOTAL_MAX_BYTES;
  if (first > max) complain(`${page}: first view ${first} bytes, more than ${max}`);
  if (total > TOTAL_MAX_BYTES) complain(`${page}: ${total} bytes, more than ${TOTAL_MAX_BYTES}`);
}
process.exit(failed ? 1 : 0);
