"""Asked: a request made ready, with all that has to be known before anything is searched."""

from dataclasses import dataclass

from knowledge.document import Language, guess_language
from rag_service.answer_request import AnswerRequest
from rag_service.conversation import Turn, standalone_question, with_facts
from rag_service.errors import InvalidQuestion
from rag_service.record import split_pasted
from rag_service.settings import ServiceSettings
from rag_service.standing_facts import StandingFact, find_standing_facts


@dataclass(frozen=True, slots=True)
class Asked:
    """A question, and what it is to be understood by.

    `question` is what the user asked last, `standalone` the same so that it can be searched without
    the `history` before it. `facts` are what was said of the person asked about, in the question or
    the history. `record` is what was sent or pasted of a medical record, now or before.
    """

    question: str
    standalone: str
    language: Language
    history: tuple[Turn, ...] = ()
    facts: tuple[StandingFact, ...] = ()
    record: str = ""

    @property
    def searched(self) -> str:
        """What is searched for: the standalone question with the facts that bear on it."""
        return with_facts(self.standalone, self.facts)

    @property
    def earlier(self) -> list[str]:
        """The user's earlier questions as they were searched for, oldest first."""
        return [
            _searched(self.history[:i], turn.text)
            for i, turn in enumerate(self.history)
            if turn.role == "user"
        ]


def read_request(request: AnswerRequest, settings: ServiceSettings) -> Asked:
    """Check a request and take it apart.

    Raises:
        InvalidQuestion: No question, one that is empty, too long or not Unicode, or a conversation
            that does not end with the user.
    """
    *before, last = _turns(request)
    for text in (request.record, *(turn.text for turn in before)):
        _validated_unicode(text)
    pasted = _validated(last.text, settings.question_max_chars + settings.record_max_chars)
    record, question = split_pasted(pasted, settings.question_max_chars)
    records = [request.record.strip()]
    turns: list[Turn] = []
    for turn in before:
        # A record stays with the conversation that it was pasted into.
        earlier, text = split_pasted(turn.text.strip(), settings.question_max_chars)
        records += [earlier] if turn.role == "user" else []
        turns.append(Turn("user", text) if turn.role == "user" else turn)
    history = tuple(turns)
    record = "\n\n".join(part for part in (*records, record) if part)
    _validated_length(question, settings.question_max_chars, "question")
    _validated_length(record, settings.record_max_chars, "record")
    return Asked(
        question=question,
        standalone=standalone_question(history, question),
        language=request.language or guess_language(question),
        history=history,
        facts=_facts(history, question),
        record=record,
    )


def _searched(history: tuple[Turn, ...], question: str) -> str:
    return with_facts(standalone_question(history, question), _facts(history, question))


def _facts(history: tuple[Turn, ...], question: str) -> tuple[StandingFact, ...]:
    if not history:
        return ()
    return find_standing_facts([*(turn.text for turn in history if turn.role == "user"), question])


def _turns(request: AnswerRequest) -> list[Turn]:
    if request.question and request.messages:
        raise InvalidQuestion("both `question` and `messages` were sent; send one of them")
    turns = [Turn(message.role, message.content) for message in request.messages]
    if not request.messages:
        return [Turn("user", request.question)]
    if turns[-1].role != "user":
        raise InvalidQuestion("the last of `messages` is not the user's; end with the question")
    return turns


def _validated(text: str, max_chars: int) -> str:
    stripped = text.strip()
    if not stripped:
        raise InvalidQuestion("the question is empty; send text in the field `question`")
    _validated_length(stripped, max_chars, "question")
    _validated_unicode(stripped)
    return stripped


def _validated_unicode(text: str) -> None:
    # JSON can write one, UTF-8 cannot: neither the embedder nor the engine could be sent it.
    if any("\ud800" <= char <= "\udfff" for char in text):
        raise InvalidQuestion("the question has half a surrogate pair; send whole Unicode characters")


def _validated_length(text: str, max_chars: int, name: str) -> None:
    if len(text) > max_chars:
        raise InvalidQuestion(
            f"the {name} has {len(text)} characters, at most {max_chars} are read; shorten it"
        )
