"""Serves a folder by hand: `PYTHONPATH=src:tests python -m fakehub FOLDER --port 8000 --throttle 2000000`.

Each folder in FOLDER with the form org--name is a repository; if there is none, FOLDER itself is `acme/model`.
"""

from __future__ import annotations

import argparse
import threading
from pathlib import Path

from fakehub.fake_hub import FakeHub


def files_below(folder: Path) -> dict[str, Path]:
    return {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m fakehub", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--where", default="", help="regular expression on 'METHOD path': what the faults spoil")
    parser.add_argument("--times", type=int, help="how many requests the faults spoil")
    parser.add_argument("--throttle", type=int, metavar="BYTES", help="send so many bytes a second")
    parser.add_argument("--drop-after", type=int, metavar="BYTES")
    parser.add_argument("--stall-after", type=int, metavar="BYTES")
    parser.add_argument("--flip-at", type=int, metavar="OFFSET")
    parser.add_argument("--status", type=int, help="answer with this status")
    parser.add_argument("--wait", type=int, help="seconds of the rate limit, with --status 429")
    parser.add_argument("--ignore-range", action="store_true")
    parser.add_argument("--html", action="store_true", help="answer with a web page")
    parser.add_argument("--cdn", action="store_true", help="redirect large files to another host name")
    parser.add_argument("--no-sizes", action="store_true")
    parser.add_argument("--gated", action="store_true")
    args = parser.parse_args()
    hub = FakeHub(args.port)
    hub.cdn, hub.sizes_in_info = args.cdn, not args.no_sizes
    repos = {path.name.replace("--", "/", 1): path for path in args.folder.iterdir() if "--" in path.name}
    for name, folder in (repos or {"acme/model": args.folder}).items():
        hub.add(name, files_below(folder), gated="manual" if args.gated else False)
    hub.fault(
        args.where,
        times=args.times,
        bytes_per_s=args.throttle,
        drop_after=args.drop_after,
        stall_after=args.stall_after,
        flip_at=args.flip_at,
        status=args.status,
        wait_s=args.wait,
        ignore_range=args.ignore_range,
        body=b"<!doctype html><title>Sign in</title>" if args.html else None,
    )
    with hub:
        print(f"HF_ENDPOINT={hub.endpoint}", *hub.repos, flush=True)
        threading.Event().wait()


if __name__ == "__main__":
    main()
