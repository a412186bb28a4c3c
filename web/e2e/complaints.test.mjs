// The table of complaints in `README.md` names a test for each, and each of those is there.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const FOLDER = dirname(fileURLToPath(import.meta.url));

test("each of the 25 complaints has a test that is here", () => {
  const rows = readFileSync(join(FOLDER, "../README.md"), "utf8").matchAll(
    /^\| (\d+)\. .* \| `([\w-]+)`: (.+?) +\|$/gm,
  );
  const found = [...rows].map(([, number, file, name]) => ({ number: Number(number), file, name }));
  assert.deepEqual(
    found.map(({ number }) => number),
    Array.from({ length: 25 }, (_, at) => at + 1),
  );
  assert.ok(readdirSync(FOLDER).length > 0);
  for (const { number, file, name } of found) {
    const text = readFileSync(join(FOLDER, `${file}.test.mjs`), "utf8");
    assert.ok(text.includes(name), `complaint ${number}: ${file} has no test "${name}"`);
  }
});
