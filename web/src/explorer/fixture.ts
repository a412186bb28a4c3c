// The tables for unit tests: a copy of the answer of a server for `/actions.json`.

import { readFileSync } from "node:fs";

import type { Tables } from "./tables.ts";

export const tables = JSON.parse(readFileSync(new URL("../../dev/actions.json", import.meta.url), "utf8")) as Tables;
