import { describe, expect, it } from "vitest";

import { EventParser } from "./tail.ts";
import { Ring } from "./ring.ts";

describe("a stream of events", () => {
  const text =
    ': everything after 4\nretry: 2000\nid: 4\n\nid: 5\ndata: {"Seq":5}\n\nevent: gap\ndata: {"AfterSeq":5}\n\n: 17\nid: 9\n\n';
  const events = [
    { event: "message", data: "", id: "4" },
    { event: "message", data: '{"Seq":5}', id: "5" },
    { event: "gap", data: '{"AfterSeq":5}', id: undefined },
    { event: "message", data: "", id: "9" },
  ];

  it("is read whole, wherever it is cut", () => {
    for (let size = 1; size < text.length; size += 1) {
      const parser = new EventParser();
      const found = [];
      for (let at = 0; at < text.length; at += size) found.push(...parser.feed(text.slice(at, at + size)));
      expect(found, `pieces of ${size}`).toEqual(events);
    }
  });

  it("has events of several lines, and other line ends", () => {
    expect(new EventParser().feed("data: a\r\ndata:b\r\nid: 1\r\n\r\n")).toEqual([
      { event: "message", data: "a\nb", id: "1" },
    ]);
  });
});

describe("the rows of a live view", () => {
  const run = (id: string, seq: number): { id: string; seq: number } => ({ id, seq });

  it("are bounded, the newest first, and count what fell out", () => {
    const ring = new Ring<{ id: string; seq: number }>(100, ({ id }) => id);
    for (let seq = 0; seq < 1000; seq += 1) ring.add([run(`r${seq}`, seq)]);
    expect([ring.rows.length, ring.dropped, ring.rows[0]?.seq, ring.rows.at(-1)?.seq]).toEqual([100, 900, 999, 900]);
  });

  it("replace a start by its finish", () => {
    const ring = new Ring<{ id: string; seq: number }>(10, ({ id }) => id);
    ring.add([run("a", 1), run("b", 2)]);
    ring.add([run("a", 3)]);
    expect(ring.rows.map(({ id, seq }) => `${id}${seq}`)).toEqual(["a3", "b2"]);
  });

  it("replace within one batch too", () => {
    const ring = new Ring<{ id: string; seq: number }>(10, ({ id }) => id);
    ring.add([run("a", 1), run("b", 2), run("a", 3)]);
    expect(ring.rows.map(({ id, seq }) => `${id}${seq}`)).toEqual(["a3", "b2"]);
  });
});
