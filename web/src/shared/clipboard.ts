// Copying that works over plain http too, where `navigator.clipboard` does not exist.

/** Copies `text`. False when the browser refuses both ways: show the text selected, and say so. */
export async function copyText(text: string): Promise<boolean> {
  try {
    // Typed as always there; outside of a secure context it is not.
    const clipboard = navigator.clipboard as Clipboard | undefined;
    if (clipboard !== undefined) {
      await clipboard.writeText(text);
      return true;
    }
  } catch {
    // Refused, as in a frame without the permission: the old way may still work.
  }
  return copyBySelection(text);
}

function copyBySelection(text: string): boolean {
  const focused = document.activeElement;
  const area = document.createElement("textarea");
  area.value = text;
  area.readOnly = true;
  area.className = "off-screen";
  document.body.append(area);
  area.select();
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  } finally {
    area.remove();
    if (focused instanceof HTMLElement) focused.focus();
  }
}
