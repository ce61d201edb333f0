"""Optional dependencies, through one door."""

import importlib
from types import ModuleType


def require(module: str, feature: str, extra: str) -> ModuleType:
    """Import an optional module, or say which extra brings it.

    Parameters
    ----------
    module : str
        Name to import, such as ``"matplotlib.figure"``.
    feature : str
        Who needs it, such as ``"fastconv.plot"``.
    extra : str
        The extra of fastconv that installs it.

    Raises
    ------
    ImportError
        The module is not installed.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        name = module.partition(".")[0]
        if error.name != name:
            raise
        raise ImportError(f"{feature} needs {name}: pip install 'fastconv[{extra}]'") from None
