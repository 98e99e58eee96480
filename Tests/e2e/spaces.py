"""Processes in namespaces of their own: as root, or as a user where the kernel lets users."""

import os
import subprocess

UNSHARE = ["unshare", *([] if os.geteuid() == 0 else ["--map-root-user"])]


def available():
    """Whether this host gives namespaces to whoever runs the tests."""
    return subprocess.run([*UNSHARE, "--net", "--mount", "true"],
                          capture_output=True).returncode == 0


class SmallDisk:
    """A tmpfs under a daemon's state directory whose size changes while the daemon runs."""

    def __init__(self, daemon, size="2g"):
        self.state = daemon.directory / "state"
        self.keeper = daemon.directory / "keeper"
        # kinorad lets nobody look into it, so another process stands in its namespace for us.
        script = (f"mkdir -p {self.state} && mount -t tmpfs -o mode=0700,size={size} tmpfs "
                  f"{self.state} && {{ sleep 600 & echo $! >{self.keeper}; exec \"$@\"; }}")
        daemon.prefix = [*UNSHARE, "--mount", "sh", "-c", script, "sh"]

    def inside(self, *words):
        user = [] if os.geteuid() == 0 else ["--user", "--preserve-credentials"]
        return subprocess.run(
            ["nsenter", "--target", self.keeper.read_text().strip(), *user, "--mount", *words],
            check=True, capture_output=True, text=True).stdout

    def fill(self):
        """Leaves not one free block."""
        for last in [False] * 49 + [True]:
            used = self.inside("df", "--block-size=1K", "--output=used", str(self.state)).split()[1]
            try:
                return self.resize(f"{used}k")
            except subprocess.CalledProcessError:
                # Something was written in between, and less than what is used is refused.
                if last:
                    raise

    def resize(self, size):
        self.inside("mount", "-o", f"remount,size={size}", str(self.state))

    def end(self):
        os.kill(int(self.keeper.read_text()), 9)
