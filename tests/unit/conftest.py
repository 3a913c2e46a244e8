"""What the quick tests share: folders in memory."""

from tests.support.folders import folder_of_the_run, tmp_path

__all__ = ["folder_of_the_run", "tmp_path"]
