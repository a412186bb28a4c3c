// What the Node suite knows of the server: where it is, the runs to store, and the answer each question must get.
//
// `expected` is the oracle of ../fixture.py written a second time, so that neither can hide the other's mistake.

import { readFileSync } from "node:fs";

export const env = (name) => {
  const value = process.env[`RUNLOG_${name}`];
  if (!value) throw new Error(`RUNLOG_${name} is not set: run the suite with \`cargo xtask compat node\``);
  return value;
};

export const REGION = "ap-guangzhou";
export const DAY = { StartTime: "2021-06-30 00:00:00", EndTime: "2021-06-30 23:59:59" };

const CLASSES = {
  is0: (code) => code === 0,
  not0: (code) => code !== 0 && code !== 2,
  TimeLimitExceeded: (code) => code === 433,
  ResourceLimitExceeded: (code) => code === 432 || code === 434,
  UserCodeException: (code) => code === 430,
};

export const KEYS = {
  start_time: (run) => run.startMs,
  duration: (run) => run.Duration,
  mem_usage: (run) => run.MemUsage,
  function_name: (run) => run.FunctionName,
};

/** Unix milliseconds of the three forms a start may be posted in; a time without a zone is in UTC+8. */
const startMs = (value) => {
  if (typeof value === "number") return value;
  return Date.parse(/Z|[+-]\d\d:\d\d$/.test(value) ? value : `${value.replace(" ", "T")}+08:00`);
};

/** The API's spelling of a moment: wall time in UTC+8, whole seconds. */
const wall = (ms) => new Date(ms + 8 * 3600_000).toISOString().slice(0, 19).replace("T", " ");

export const RUNS = readFileSync(env("RUNS"), "utf8").trimEnd().split("\n").map((line, seq) => {
  const run = { Namespace: "default", Qualifier: "$LATEST", RetryNum: 0, Level: "", Source: "", ...JSON.parse(line) };
  return { ...run, seq, startMs: startMs(run.StartTime) };
});

/** The FunctionLog the API must answer for a run. */
const row = (run) => ({
  FunctionName: run.FunctionName,
  RetMsg: run.RetMsg,
  RequestId: run.RequestId,
  StartTime: wall(run.startMs),
  RetCode: run.RetCode,
  InvokeFinished: run.InvokeFinished,
  Duration: run.Duration,
  BillDuration: run.BillDuration ?? Math.ceil(Math.round(run.Duration * 1000) / 100_000) * 100,
  MemUsage: run.MemUsage,
  Log: run.Log,
  Level: run.Level,
  Source: run.Source,
  RetryNum: run.RetryNum,
});

/** The rows, in their order, of a question about the day of the fixture, or about everything when `all` is set. */
export const expected = ({ by = "start_time", order = "desc", namespace = "default", region = REGION, all = false,
  name, qualifier, requestId, retCode, keyword } = {}) => {
  const key = KEYS[by];
  const sign = order === "desc" ? -1 : 1;
  const compare = (a, b) => (a < b ? -1 : a > b ? 1 : 0);
  return RUNS.filter((run) => run.Namespace === namespace && run.Region === region)
    .filter((run) => all || (wall(run.startMs) >= DAY.StartTime && wall(run.startMs) <= DAY.EndTime))
    .filter((run) => !name || run.FunctionName === name)
    .filter((run) => !qualifier || run.Qualifier === qualifier)
    .filter((run) => !requestId || run.RequestId === requestId)
    .filter((run) => !retCode || CLASSES[retCode](run.RetCode))
    .filter((run) => !keyword || run.Log.includes(keyword) || run.RetMsg.includes(keyword))
    .sort((a, b) => sign * (compare(key(a), key(b)) || compare(a.startMs, b.startMs) || compare(a.seq, b.seq)))
    .map(row);
};

/** Posts every run to the native API, which must refuse none. */
export const ingest = async () => {
  const lines = RUNS.map(({ seq, startMs, ...fields }) => JSON.stringify(fields)).join("\n");
  const token = Buffer.from(`${env("SECRET_ID")}:${env("SECRET_KEY")}`).toString("base64");
  const headers = { authorization: `Basic ${token}`, "content-type": "application/x-ndjson" };
  const answer = await fetch(`http://${env("HTTP")}/api/v1/runs`, { method: "POST", headers, body: lines });
  const { refused } = await answer.json();
  if (refused.length) throw new Error(`the server refused runs of the fixture: ${JSON.stringify(refused)}`);
};
