"""Rules of imports that may say no."""

from typing import ClassVar

from ccx.kernel.errors import DomainError


class RunIsNotReadyError(DomainError):
    """The import is not in a state in which this can be done."""

    code: ClassVar[str] = "import_state"


class FileIsGoneError(DomainError):
    """The file of this import is not here: it was started at the command line, or removed."""

    code: ClassVar[str] = "import_file_gone"
