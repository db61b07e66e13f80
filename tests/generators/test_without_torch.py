"""Generators that are networks where torch is not there, or not asked for yet."""

from __future__ import annotations

import subprocess
import sys

import pytest

from genesis_sampling._optional import import_extra
from genesis_sampling.exceptions import MissingExtraError


def test_without_torch_one_sentence_says_what_to_install():
    code = (
        "import sys\n"
        "class Hides:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'torch': raise ModuleNotFoundError(name, name=name)\n"
        "sys.meta_path.insert(0, Hides())\n"
        "import numpy as np\n"
        "from genesis_sampling import CTGANGenerator\n"
        "CTGANGenerator().fit(np.zeros((200, 2)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.splitlines()[-1].endswith(
        "A neural generator needs the package 'torch', which is not installed. Install it with: "
        "pip install 'genesis-sampling[torch]'"
    )


def test_importing_generators_loads_no_torch():
    code = "import sys, genesis_sampling.generators; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_a_package_that_is_there_and_broken_is_not_said_to_be_missing(tmp_path, monkeypatch):
    (tmp_path / "broken_package.py").write_text("import a_part_that_is_not_there")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(MissingExtraError, match=r"cannot be imported \(No module named 'a_part_that_is_not"):
        import_extra("broken_package", extra="torch", needed_for="A test")
    with pytest.raises(MissingExtraError, match="which is not installed"):
        import_extra("a_part_that_is_not_there.at_all", extra="torch", needed_for="A test")
