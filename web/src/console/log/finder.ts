// The page's side of the search: one worker a text, started by the first question, ended with an expression that takes
// too long.

import { startWorker } from "../../shared/trusted.ts";
import type { Matches, Needle } from "./find.ts";
import type { Answered, Asked } from "./find.worker.ts";
import workerUrl from "./find.worker.ts?worker&url";

/** How long an expression may take. */
const LIMIT_MS = 500;
/** The first answer also pays for starting the worker and handing it the text. */
const START_MS = 4000;

export class TooSlow extends Error {}

export class Finder {
  #worker: Worker | undefined;
  #isWarm = false;
  #last = 0;
  readonly #open = new Map<number, (answer: Answered | undefined) => void>();

  constructor(readonly text: string) {}

  /** All matches. Throws [`TooSlow`], or what is wrong with an expression. */
  async find(needle: Needle): Promise<Matches> {
    const worker = this.#started();
    const id = ++this.#last;
    const limit_ms = this.#isWarm ? LIMIT_MS : LIMIT_MS + START_MS;
    const answer = await new Promise<Answered | undefined>((resolve) => {
      const timer = setTimeout(() => {
        this.close();
        resolve(undefined);
      }, limit_ms);
      this.#open.set(id, (found) => {
        clearTimeout(timer);
        resolve(found);
      });
      worker.postMessage({ id, needle } satisfies Asked);
    });
    if (answer === undefined) throw new TooSlow();
    if ("problem" in answer) throw new SyntaxError(answer.problem);
    return answer.matches;
  }

  close(): void {
    this.#worker?.terminate();
    this.#worker = undefined;
    this.#isWarm = false;
    for (const resolve of this.#open.values()) resolve(undefined);
    this.#open.clear();
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = startWorker(workerUrl);
    worker.onmessage = ({ data }: MessageEvent<Answered>) => {
      this.#isWarm = true;
      const resolve = this.#open.get(data.id);
      this.#open.delete(data.id);
      resolve?.(data);
    };
    worker.postMessage({ text: this.text } satisfies Asked);
    this.#worker = worker;
    return worker;
  }
}
