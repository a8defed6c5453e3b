"""The grammar of an answer: what the model may write at all (structured outputs, EBNF).

Each sentence ends as the model likes and must then name a passage that exists, or the whole answer
is the one fixed way to say that the passages do not answer. The marker stands *after* the full
stop: asked for it before, small models put off the end of the sentence for as long as they can.
Lengths are left to the token limit: counted repetitions made the mask of one token take seconds.
"""

from knowledge.document import Language
from rag_service.prompts import NO_ANSWER

_MAX_SENTENCES = 5

# A full stop inside a sentence is a decimal point or one of two abbreviations: with more allowed,
# the small model glued sentences together behind it and gave all of them one marker.
_SENTENCE: dict[Language, str] = {
    "zh": 'sentence ::= char+ "。" marker marker? "\\n"?\nchar ::= [^\\[\\]。！？!?\\n]',
    "en": 'sentence ::= char+ ". " marker marker? " "?\nchar ::= [^\\[\\].!?\\n] | "." [0-9] | "e.g." | "i.e."',
}


def answer_grammar(language: Language, n_passages: int) -> str:
    """Write the grammar for an answer from `n_passages` passages, numbered from 1."""
    markers = " | ".join(f'"[{marker}]"' for marker in range(1, n_passages + 1))
    sentences = " ".join(["sentence"] + ["sentence?"] * (_MAX_SENTENCES - 1))
    return f'root ::= "{NO_ANSWER[language]}" | {sentences}\n{_SENTENCE[language]}\nmarker ::= {markers}\n'
