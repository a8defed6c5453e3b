"""What routes are given."""

from typing import Annotated

from fastapi import Depends, Request

from rag_service.answer_request import AnswerRequest
from rag_service.answering import Answerer
from rag_service.draft import Draft
from rag_service.generation import Generator
from rag_service.library import Library
from rag_service.settings import ServiceSettings


def settings_of(request: Request) -> ServiceSettings:
    """Give the settings the application was made with."""
    settings: ServiceSettings = request.app.state.settings
    return settings


def library_of(request: Request) -> Library:
    """Give the library."""
    library: Library = request.app.state.library
    return library


def generator_of(request: Request) -> Generator:
    """Give the client of the language model."""
    generator: Generator = request.app.state.generator
    return generator


def answerer_of(request: Request) -> Answerer:
    """Give the answerer."""
    answerer: Answerer = request.app.state.answerer
    return answerer


SettingsDep = Annotated[ServiceSettings, Depends(settings_of)]
LibraryDep = Annotated[Library, Depends(library_of)]
GeneratorDep = Annotated[Generator, Depends(generator_of)]
AnswererDep = Annotated[Answerer, Depends(answerer_of)]


async def prepare_draft(asked: AnswerRequest, answerer: AnswererDep) -> Draft:
    """Do all that may fail before the first byte, so that failing has a status of its own."""
    return await answerer.prepare(asked)


DraftDep = Annotated[Draft, Depends(prepare_draft)]
