from pathlib import Path

import pytest

from rag_service.errors import EngineUnavailable
from rag_service.evaluation.kept_generations import KeptGenerator
from rag_service.generation import GenerationRequest
from rag_service.generation_fake import ScriptedGenerator
from rag_service.prompts import Prompt
from rag_service.settings import ServiceSettings

REQUEST = GenerationRequest(Prompt("s", "u"))


async def text_of(generator: KeptGenerator, request: GenerationRequest = REQUEST) -> str:
    return "".join([delta.text async for delta in generator.stream(request)])


def files_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def kept(engine: ScriptedGenerator, folder: Path, **settings: object) -> KeptGenerator:
    return KeptGenerator(engine, folder, ServiceSettings(**settings))


async def test_what_is_kept_is_given_back_without_the_engine(tmp_path: Path):
    first = await text_of(kept(ScriptedGenerator("血压", "。[1]"), tmp_path))
    engine = ScriptedGenerator("other")
    assert (first, []) == (await text_of(kept(engine, tmp_path)), engine.requests)


async def test_the_usage_is_kept_too(tmp_path: Path):
    await text_of(kept(ScriptedGenerator("a"), tmp_path))
    deltas = [delta async for delta in kept(ScriptedGenerator("b"), tmp_path).stream(REQUEST)]
    assert 1 == deltas[-1].usage.completion_tokens


@pytest.mark.parametrize("settings", [{"temperature": 0.7}, {"engine_model": "other"}, {"answer_tokens": 99}])
async def test_another_way_of_sampling_is_another_generation(tmp_path: Path, settings: dict[str, object]):
    await text_of(kept(ScriptedGenerator("a"), tmp_path))
    assert "b" == await text_of(kept(ScriptedGenerator("b"), tmp_path, **settings))


async def test_another_prompt_is_another_generation(tmp_path: Path):
    await text_of(kept(ScriptedGenerator("a"), tmp_path))
    assert "b" == await text_of(kept(ScriptedGenerator("b"), tmp_path), GenerationRequest(Prompt("s", "v")))


async def test_a_generation_that_broke_off_is_not_kept(tmp_path: Path):
    with pytest.raises(EngineUnavailable):
        await text_of(kept(ScriptedGenerator("a", error=EngineUnavailable("lost")), tmp_path))
    assert [] == files_in(tmp_path)
