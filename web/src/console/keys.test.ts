import { describe, expect, it } from "vitest";

import { isHeard } from "./keys.ts";

const press = (key: string, more: object = {}) => ({
  key,
  ctrlKey: false,
  altKey: false,
  metaKey: false,
  isComposing: false,
  target: null,
  ...more,
});

describe("keys", () => {
  it("are silent with Ctrl, Alt or Meta, and while an input method composes", () => {
    expect(isHeard(press("j"), true)).toBe(true);
    for (const name of ["ctrlKey", "altKey", "metaKey", "isComposing"])
      expect(isHeard(press("j", { [name]: true }), true), name).toBe(false);
  });

  it("of one letter can be switched off; the others stay", () => {
    for (const key of ["j", "/", "?", "["]) expect(isHeard(press(key), false), key).toBe(false);
    for (const key of ["Escape", "Enter", "ArrowDown"]) expect(isHeard(press(key), false), key).toBe(true);
  });
});
