"""A folder of images in, the same folder translated out."""

from translate.inference.folder.crew import SaidElsewhereError
from translate.inference.folder.launch import own_device, take_share_of_cores
from translate.inference.folder.pipeline import OnProgress, Progress
from translate.inference.folder.report import Failure, FolderReport, Ignored, Note
from translate.inference.folder.stopping import INTERRUPTED, Stop
from translate.inference.folder.translating import translate_folder

__all__ = [
    "INTERRUPTED",
    "Failure",
    "FolderReport",
    "Ignored",
    "Note",
    "OnProgress",
    "Progress",
    "SaidElsewhereError",
    "Stop",
    "own_device",
    "take_share_of_cores",
    "translate_folder",
]
