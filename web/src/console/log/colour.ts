// Colours of terminal styles in both themes. The sixteen named ones are classes; others are computed, and moved away from
// their background until they can be read.

import { INVERSE, NONE, RGB, type Colour, type Style } from "./ansi.ts";

type Channels = readonly [number, number, number];

const LIGHT: readonly string[] = [
  "1a1f26",
  "b3261e",
  "1f6f2b",
  "7a5b00",
  "0b5cad",
  "8f3a84",
  "0f6b78",
  "596270",
  "3f4753",
  "c62f26",
  "277a34",
  "8a6600",
  "1769c2",
  "a34597",
  "147584",
  "6b7480",
];
const DARK: readonly string[] = [
  "8d96a3",
  "ff8a80",
  "7fd18b",
  "e6c15c",
  "7db7f5",
  "e29bd6",
  "6ccfdc",
  "d5dae1",
  "a3acb8",
  "ffa49c",
  "9be3a5",
  "f2d684",
  "a0ccfa",
  "efb6e5",
  "92e0ea",
  "ffffff",
];

const PAGE: Readonly<Record<"light" | "dark", Channels>> = { light: [255, 255, 255], dark: [20, 23, 28] };

/** The contrast that text must have with its ground. */
const CONTRAST_MIN = 4.5;

function parse(hex: string): Channels {
  const value = Number.parseInt(hex, 16);
  return [value >> 16, (value >> 8) & 255, value & 255];
}

function channels(colour: Colour, isDark: boolean): Channels {
  if (colour >= RGB) {
    const value = colour - RGB;
    return [value >> 16, (value >> 8) & 255, value & 255];
  }
  if (colour < 16) return parse((isDark ? DARK : LIGHT)[colour] as string);
  if (colour >= 232) {
    const grey = (colour - 232) * 10 + 8;
    return [grey, grey, grey];
  }
  const at = colour - 16;
  const level = (step: number): number => (step === 0 ? 0 : step * 40 + 55);
  return [level(Math.floor(at / 36)), level(Math.floor(at / 6) % 6), level(at % 6)];
}

function luminance([red, green, blue]: Channels): number {
  const linear = (value: number): number => {
    const share = value / 255;
    return share <= 0.03928 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
}

export function contrast(a: Channels, b: Channels): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** A colour moved towards black or white until it can be read on its ground. */
export function readable(colour: Channels, ground: Channels): Channels {
  const goal: Channels = luminance(ground) > 0.18 ? [0, 0, 0] : [255, 255, 255];
  let share = 0;
  let found = colour;
  while (contrast(found, ground) < CONTRAST_MIN && share < 1) {
    share = Math.min(1, share + 0.1);
    found = colour.map((value, at) =>
      Math.round(value + ((goal[at] as number) - value) * share),
    ) as unknown as Channels;
  }
  return found;
}

const css = ([red, green, blue]: Channels): string => `rgb(${red} ${green} ${blue})`;

/** The colours of a style; none where the page's own, or a class, is enough. */
export function coloursOf(style: Style, isDark: boolean): { readonly color?: string; readonly background?: string } {
  const isInverse = (style.flags & INVERSE) !== 0;
  if (!isInverse && style.back === NONE && style.front < 16) return {};
  const page = PAGE[isDark ? "dark" : "light"];
  const text: Channels = isDark ? [228, 231, 235] : [26, 31, 38];
  const front = style.front === NONE ? text : channels(style.front, isDark);
  const back = style.back === NONE ? page : channels(style.back, isDark);
  const [on, under] = isInverse ? [back, front] : [front, back];
  const color = css(readable(on, under));
  return under === page ? { color } : { color, background: css(under) };
}

/** The named colours as custom properties are in `log.css`; this is what a test compares them with. */
export const NAMED = { light: LIGHT, dark: DARK, page: PAGE, parse };
