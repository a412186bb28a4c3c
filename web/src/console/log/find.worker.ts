// Searches outputs beside the page, so that an expression that never ends can be stopped with its worker.

import { findAll, type Needle } from "./find.ts";

export type Asked = { readonly text: string } | { readonly id: number; readonly needle: Needle };
export type Answered =
  { readonly id: number; readonly matches: Uint32Array } | { readonly id: number; readonly problem: string };

const worker = self as unknown as {
  onmessage: ((event: MessageEvent<Asked>) => void) | null;
  postMessage(message: Answered, transfer?: readonly Transferable[]): void;
};

let text = "";

worker.onmessage = ({ data }) => {
  if ("text" in data) {
    text = data.text;
    return;
  }
  try {
    const matches = findAll(text, data.needle);
    worker.postMessage({ id: data.id, matches }, [matches.buffer as ArrayBuffer]);
  } catch (error) {
    worker.postMessage({ id: data.id, problem: error instanceof Error ? error.message : String(error) });
  }
};
