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

/**
 * By the `copy` event, which takes the text as it is. A field that held the text would be laid out first, and 90,000 lines
 * freeze the page for a minute.
 */
function copyBySelection(text: string): boolean {
  const focused = document.activeElement;
  // A browser copies only where something is selected.
  const field = document.createElement("textarea");
  field.value = " ";
  field.readOnly = true;
  field.className = "off-screen";
  let isTaken = false;
  field.addEventListener("copy", (event) => {
    if (event.clipboardData === null) return;
    event.clipboardData.setData("text/plain", text);
    event.preventDefault();
    isTaken = true;
  });
  document.body.append(field);
  field.select();
  try {
    return document.execCommand("copy") && isTaken;
  } catch {
    return false;
  } finally {
    field.remove();
    if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  }
}
