// A text of a run outside of its output, such as a message or a name: characters that deceive or are invisible are marked.

import type { JSX } from "preact";

import { markOf } from "./log/width.ts";

const MARKED =
  /([\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u200b\u200c\u200e\u200f\u2028-\u202e\u2060\u2066-\u2069\ufeff])/;

export function Safe({ text, word }: { readonly text: string; readonly word?: string | undefined }): JSX.Element {
  if (word !== undefined && word !== "" && text.includes(word)) {
    return (
      <bdi dir="ltr">
        {text.split(word).map((part, at) => (
          <>
            {at > 0 && (
              <mark>
                <Safe text={word} />
              </mark>
            )}
            <Safe text={part} />
          </>
        ))}
      </bdi>
    );
  }
  if (!MARKED.test(text)) return <bdi dir="ltr">{text}</bdi>;
  return (
    <bdi dir="ltr">{text.split(MARKED).map((part, at) => (at % 2 === 0 ? part : <Mark key={at} text={part} />))}</bdi>
  );
}

function Mark({ text }: { readonly text: string }): JSX.Element {
  const code = text.codePointAt(0) ?? 0;
  return (
    <span class="log-mark" data-mark={markOf(code)} title={`U+${code.toString(16).toUpperCase().padStart(4, "0")}`}>
      <bdi>{text}</bdi>
    </span>
  );
}
