// Writes the Explorer's snippets into a folder: one program for each language and action, as the page prints it.
//
//     node scripts/snippets.mjs FOLDER HOST:PORT [TABLES]
//
// TABLES is the JSON of `/actions.json`; without it the copy in `dev/`. Prints what it wrote as JSON.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { build } from "vite";

const WEB = join(dirname(fileURLToPath(import.meta.url)), "..");

/** The generators, compiled from the sources of the page. */
async function generators(folder) {
  const entry = join(folder, "generators.entry.ts");
  const source = (path) => JSON.stringify(join(WEB, "src/explorer", path));
  writeFileSync(
    entry,
    `export { GENERATORS } from ${source("code/generators.ts")};\nexport { fromJson, toJson } from ${source("form/values.ts")};\n`,
  );
  await build({
    configFile: false,
    logLevel: "error",
    root: folder,
    build: {
      outDir: join(folder, "generators"),
      emptyOutDir: true,
      ssr: entry,
      rollupOptions: { output: { entryFileNames: "generators.mjs" } },
    },
  });
  return import(pathToFileURL(join(folder, "generators/generators.mjs")).href);
}

/** Values that every language has to quote; the server reads them as they are. */
const HOSTILE = `-it's "$HOME" & | \`x\` \\n 中文 #{x} %s`;

/**
 * Writes them. `values` changes the parameters of an action, such as to a function that has run.
 * Answers with `{ id, name, action, folder, file, isHostile }` of each.
 */
export async function writeSnippets({ folder, host, tables, values = (action, sample) => sample }) {
  mkdirSync(folder, { recursive: true });
  const { GENERATORS, fromJson, toJson } = await generators(folder);
  const written = [];
  for (const { id, name, file, generate } of GENERATORS) {
    for (const action of tables.actions) {
      for (const isHostile of [false, true]) {
        const plain = values(action.name, fromJson(action.sample_request));
        const hasKeyword = action.params.some((param) => param.name === "SearchContext" || param.name === "SearchKey");
        if (isHostile && !hasKeyword) continue;
        const given = isHostile ? { ...plain, ...hostile(action) } : plain;
        const place = join(folder, id, action.name + (isHostile ? "-hostile" : ""));
        const path = join(place, file);
        mkdirSync(dirname(path), { recursive: true });
        const { version, default_region: region } = tables;
        writeFileSync(
          path,
          generate({
            action,
            version,
            region,
            scheme: "http",
            host,
            params: toJson(action.params, given),
            language: "en-US",
          }),
        );
        written.push({ id, name, action: action.name, folder: place, file, isHostile });
      }
    }
  }
  return written;
}

function hostile(action) {
  const search = action.params.find((param) => param.name === "SearchContext" || param.name === "SearchKey");
  if (search.name === "SearchContext") return { "SearchContext.Keyword": HOSTILE };
  if (search.type === "array") return { "SearchKey.0.Key": "Namespace", "SearchKey.0.Value": HOSTILE };
  return { SearchKey: HOSTILE };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [, , folder, host, file = join(WEB, "dev/actions.json")] = process.argv;
  if (host === undefined) throw new Error("node scripts/snippets.mjs FOLDER HOST:PORT [TABLES]");
  const written = await writeSnippets({ folder, host, tables: JSON.parse(readFileSync(file, "utf8")) });
  console.log(JSON.stringify(written, null, 2));
}
