from .cases import (
    COPIES,
    WITHOUT_IDENTITY,
    Channel,
    DenialReason,
    Outcome,
    Particulars,
    PauseReason,
    RequesterKind,
    Right,
    RightsRequest,
    RightsRequestQuerySet,
    Stage,
)
from .copies import CopyPart, CopyPartQuerySet, Decision, Package, Why, Withholding
from .corrections import Correctable, Correction, CorrectionQuerySet, Judgment
from .erasure import ErasureOrder
from .identity import IdentityCheck, IdentityDocument, Method, Verdict
from .ledger import Happened, RequestEvent
from .regimes import RequestRegime, RequestRegimeQuerySet
from .talk import LetterKind, LetterTemplate, Message
from .vault import CaseKey, SealedFile
from .work import MOST_ROWS, Answer, Connection, Duty, Task, TaskFile, TaskQuerySet, TaskStage, Way

__all__ = [
    "COPIES",
    "MOST_ROWS",
    "WITHOUT_IDENTITY",
    "Answer",
    "CaseKey",
    "Channel",
    "Connection",
    "CopyPart",
    "CopyPartQuerySet",
    "Correctable",
    "Correction",
    "CorrectionQuerySet",
    "Decision",
    "DenialReason",
    "Duty",
    "ErasureOrder",
    "Happened",
    "IdentityCheck",
    "IdentityDocument",
    "Judgment",
    "LetterKind",
    "LetterTemplate",
    "Message",
    "Method",
    "Outcome",
    "Package",
    "Particulars",
    "PauseReason",
    "RequestEvent",
    "RequestRegime",
    "RequestRegimeQuerySet",
    "RequesterKind",
    "Right",
    "RightsRequest",
    "RightsRequestQuerySet",
    "SealedFile",
    "Stage",
    "Task",
    "TaskFile",
    "TaskQuerySet",
    "TaskStage",
    "Verdict",
    "Way",
    "Why",
    "Withholding",
]
