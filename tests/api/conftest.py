"""One real server with the page and the API, and clients that ask it over the network."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from studio.api.server import build, serves
from studio.api.settings import ApiSettings
from studio.studio import Studio
from studio.ui.options import Options
from studio.ui.server import Beside

from ..ui.conftest import served

SENSEVOICE = Path(__file__).parents[1] / "parity" / "sensevoice"
SPEECH = "/v1/audio/speech"


def beside(settings: ApiSettings) -> Beside:
    return Beside(serves, lambda studio, admitted: build(studio, settings, admitted), settings.origins)


@contextmanager
def server(studio: Studio, settings: ApiSettings, **options: Any) -> Iterator[httpx.Client]:
    """A client of a server of its own."""
    with (
        served(studio, replace(Options(api_only=True), **options), beside(settings)) as address,
        client(address) as one,
    ):
        yield one


def client(address: str) -> httpx.Client:
    return httpx.Client(base_url=address, timeout=60, trust_env=False)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Studio]:
    with Studio(tmp_path_factory.mktemp("api"), models=SENSEVOICE / "tiny") as opened:
        yield opened


@pytest.fixture(scope="session")
def url(home: Studio) -> Iterator[str]:
    settings = ApiSettings(webhooks=("127.0.0.1",), origins=("https://app.example",), upload_mb=3)
    with served(home, Options(api_only=True), beside(settings)) as address:
        yield address


@pytest.fixture(scope="session")
def api(url: str) -> Iterator[httpx.Client]:
    with client(url) as one:
        yield one


Ask = Callable[..., httpx.Response]


@pytest.fixture
def speak(api: httpx.Client) -> Ask:
    def ask(text: str = "Hello there, my friend.", **more: Any) -> httpx.Response:
        return api.post(SPEECH, json={"model": "espeak", "input": text, "voice": "alloy"} | more)

    return ask
