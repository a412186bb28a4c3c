// The whole Node suite in one process: stores the runs once, then asks.

import { ingest } from "./fixture.mjs";

await ingest();
await import("./matrix.mjs");
await import("./semantics.mjs");
