import pytest

from rag_service.errors import EngineUnavailable
from rag_service.generation import Delta
from rag_service.generation_fake import Script, ScriptedGenerator
from rag_service.protocol import Usage
from tests.rag_service.engine_stub import PROMPT, deltas_of


async def test_a_scripted_answer_is_its_pieces_its_reason_and_its_usage():
    scripted = ScriptedGenerator("血", "压", finish_reason="length")
    usage = Usage(prompt_tokens=1, completion_tokens=2)
    expected = [Delta("血"), Delta("压"), Delta(finish_reason="length"), Delta(usage=usage)]
    assert expected == await deltas_of(scripted)


async def test_each_request_gets_a_script_of_its_own_and_the_last_is_repeated():
    scripted = ScriptedGenerator(scripts=[Script(("a",)), Script(("b",), finish_reason="length")])
    deltas = [await deltas_of(scripted) for _ in range(3)]
    assert [("a", "stop"), ("b", "length"), ("b", "length")] == [
        (first.text, second.finish_reason) for first, second, _ in deltas
    ]


async def test_a_scripted_error_comes_after_the_pieces():
    scripted = ScriptedGenerator(scripts=[Script(("a",), EngineUnavailable("lost")), Script(("b",))])
    with pytest.raises(EngineUnavailable):
        await deltas_of(scripted)
    assert Delta("b") == (await deltas_of(scripted))[0]


async def test_a_scripted_generator_counts_a_token_a_han_character_and_four_others():
    assert [2, 1, 2, 0] == await ScriptedGenerator().count_tokens(["血压", "a", "abcde", ""])


async def test_a_scripted_generator_answers_what_it_was_set_to():
    scripted = ScriptedGenerator()
    scripted.tokenizes, scripted.length, scripted.yes = False, 512, 0.25
    assert (None, 512, 0.25, [PROMPT]) == (
        await scripted.count_tokens(["a"]),
        await scripted.context_length(),
        await scripted.yes_probability(PROMPT),
        scripted.asked,
    )
