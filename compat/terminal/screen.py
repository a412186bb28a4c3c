"""A real terminal of a fixed size: a tmux pane with a plain shell in it, and what is on its screen.

The shell's prompt is `[N]$ ` with the exit code of the command before, so a screen shows how a command ended.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time

# How long anything may take before it counts as hung; machines are slow at times.
PATIENCE_S = 60

# Colours by the names that snapshots have.
COLOURS = {"31": "red", "33": "yellow", "36": "cyan", "32": "green", "34": "blue"}


class Screen:
    """A pane of `columns` times `rows`, in which `runlog` is the program under test."""

    def __init__(self, columns, rows):
        self.folder = tempfile.mkdtemp(prefix="runlog-terminal-")
        os.mkdir(os.path.join(self.folder, "bin"))
        os.symlink(os.path.abspath(os.environ["RUNLOG_BINARY"]), os.path.join(self.folder, "bin/runlog"))
        self.socket = os.path.join(self.folder, "tmux")
        environment = {
            "PATH": self.folder + "/bin:/usr/local/bin:/usr/bin:/bin",
            "HOME": self.folder,
            "LC_ALL": "C.UTF-8",
            "PS1": "[$?]$ ",
            "TZ": "UTC",
            "RUNLOG_ENDPOINT": "http://" + os.environ["RUNLOG_HTTP"],
            "RUNLOG_SECRET_ID": os.environ["RUNLOG_SECRET_ID"],
            "RUNLOG_SECRET_KEY": os.environ["RUNLOG_SECRET_KEY"],
        }
        variables = [f"{name}={value}" for name, value in environment.items()]
        # `ENV` and profiles of the user are not read: the shell is a plain one in an empty environment.
        shell = ["env", "-i", "TERM=screen-256color", *variables, "sh"]
        self.tmux("-f", "/dev/null", "new", "-d", "-x", str(columns), "-y", str(rows), *shell)
        self.tmux("set-option", "-g", "status", "off")
        self.tmux("resize-window", "-x", str(columns), "-y", str(rows))
        self.wait(lambda text: text.rstrip() == "[0]$")

    def close(self):
        self.tmux("kill-server")
        shutil.rmtree(self.folder)

    def tmux(self, *words):
        done = subprocess.run(
            ["tmux", "-u", "-S", self.socket, *words], stdin=subprocess.DEVNULL, capture_output=True, text=True,
            check=False, env={**os.environ, "LC_ALL": "C.UTF-8"}, timeout=PATIENCE_S,
        )
        if done.returncode != 0:
            raise AssertionError(f"tmux {' '.join(words)}: {done.stderr}")
        return done.stdout

    def type(self, line):
        """Types a line and presses Enter."""
        self.tmux("send-keys", "-l", line)
        self.tmux("send-keys", "Enter")

    def key(self, name):
        """Presses a key by tmux' name of it, such as `C-c`."""
        self.tmux("send-keys", name)

    def text(self, has_colours=False):
        """What is on the screen, without white space at its end, and with lines that the terminal had to break joined
        again; colours as `{red}` and `{}`."""
        text = self.tmux("capture-pane", "-p", "-J", *(["-e"] if has_colours else []))
        if has_colours:
            text = named(text)
        return "\n".join(line.rstrip() for line in text.split("\n")).rstrip() + "\n"

    def wait(self, is_there):
        """Waits until the screen is as wanted, and gives its text."""
        end = time.monotonic() + PATIENCE_S
        while True:
            text = self.text()
            if is_there(text):
                return text
            if time.monotonic() > end:
                raise AssertionError("this is still on the screen:\n" + text)
            time.sleep(0.05)

    def run(self, line):
        """Runs a command to its end: until the next prompt is there."""
        self.type(line)
        return self.wait(lambda text: ended(text, 2))


def ended(text, prompts):
    """Whether the screen has this number of prompts, the last of them waiting."""
    lines = text.rstrip().split("\n")
    return re.fullmatch(r"\[\d+\]\$", lines[-1]) is not None and len(re.findall(r"(?m)^\[\d+\]\$", text)) >= prompts


def named(text):
    """A text with the names of colours in the place of the escapes by which tmux tells them. Each line tells its own."""
    bold, colour, told, shown = "", "", "", []
    for part in re.split(r"(\x1b\[[0-9;]*m|\x1b\(B|\x0f|\n)", text):
        if part.startswith("\x1b["):
            for code in part[2:-1].split(";"):
                if code in ("", "0"):
                    bold, colour = "", ""
                elif code in ("1", "22"):
                    bold = "bold" if code == "1" else ""
                elif code == "39" or code in COLOURS:
                    colour = COLOURS.get(code, "")
        elif part == "\n":
            shown.append(part)
            told = ""
        elif part.strip() and part not in ("\x1b(B", "\x0f"):
            wanted = f"{bold} {colour}".strip()
            if told != wanted:
                shown.append("{" + wanted + "}")
                told = wanted
            shown.append(part)
        elif part not in ("\x1b(B", "\x0f"):
            shown.append(part)
    return "".join(shown)
