"""The unprivileged user a server runs as when Atelier itself runs as root."""

import os
import pwd
from dataclasses import dataclass
from pathlib import Path

ENTER, READ = 0o1, 0o4


@dataclass(frozen=True)
class Account:
    """An operating-system user."""

    uid: int
    gid: int


def unprivileged_for(folder: Path) -> Account | None:
    """None unless we are root; else the owner of `folder`, or `nobody` where it is missing or root's own."""
    if os.geteuid() != 0:
        return None
    owner = folder.stat().st_uid if folder.exists() else 0
    user = pwd.getpwuid(owner) if owner else pwd.getpwnam("nobody")
    return Account(user.pw_uid, user.pw_gid)


def permits(path: Path, account: Account, bits: int) -> bool:
    """May this account do what `bits` say (`ENTER`, `READ`) to `path` itself?"""
    status = path.stat()
    if status.st_uid == account.uid:
        return status.st_mode >> 6 & bits == bits
    if status.st_gid == account.gid:
        return status.st_mode >> 3 & bits == bits
    return status.st_mode & bits == bits


def may_reach(folder: Path, account: Account) -> bool:
    """May this account enter `folder` and everything above it? A missing folder counts as closed."""
    return folder.exists() and all(permits(step, account, ENTER) for step in [folder, *folder.parents])
