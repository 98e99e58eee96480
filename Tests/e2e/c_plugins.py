"""Compiles plugins in C as a plugin's author would."""

import os
import subprocess
from pathlib import Path

from daemon import PLUGINS
from simulator import ROOT

HERE = Path(__file__).parent


def compile(folder, name="trouble", source=HERE / "trouble.c", include=None, **defines):
    """Makes kinora-NAME.so in `folder` and puts it there in one move; gives its path."""
    include = include or ROOT / "Sources/CKinoraPlugin/include"
    made = folder / f"kinora-{name}.so"
    fresh = folder / f"{name}.new"
    subprocess.run(
        ["cc", "-std=c11", "-O1", "-shared", "-fPIC", "-fvisibility=hidden", "-w",
         f"-Wl,--version-script={ROOT}/Plugins/exports.map", f"-I{include}",
         f"-I{ROOT}/Plugins/Still", *[f"-D{key}={value}" for key, value in defines.items()],
         "-o", str(fresh), str(source)], check=True)
    os.chmod(fresh, 0o755)
    fresh.rename(made)
    return made


def folder_beside(daemon):
    """A plugin folder of the daemon's own, searched after the installed one."""
    folder = daemon.directory / "plugins"
    folder.mkdir(mode=0o755)
    daemon.config.write_text(
        daemon.config.read_text().replace(f"[{PLUGINS}]", f"[{PLUGINS}, {folder}]"))
    return folder
