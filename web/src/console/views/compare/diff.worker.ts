// Compares outputs beside the page.

import { difference, type Difference } from "./diff.ts";
import type { Masks } from "./masks.ts";

export interface Asked {
  readonly a: string;
  readonly b: string;
  readonly masks: Masks;
}

const worker = self as unknown as {
  onmessage: ((event: MessageEvent<Asked>) => void) | null;
  postMessage(message: Difference): void;
};

worker.onmessage = ({ data: { a, b, masks } }) => worker.postMessage(difference(a, b, masks));
