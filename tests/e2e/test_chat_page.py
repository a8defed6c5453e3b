"""The chat page in a real browser, against the real service."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright

from tests.live import Live

pytestmark = pytest.mark.e2e

_ANSWER_WAIT_MS = 120_000
# Where a run leaves its pictures, for people who look at them.
PICTURES = Path(os.environ.get("MEDCITE_TEST_PICTURES") or "test-results")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or "chromium"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-quic"]
        )
        yield browser
        browser.close()


@pytest.fixture
def console_errors() -> list[str]:
    return []


@pytest.fixture
def page(browser: Browser, console_errors: list[str]) -> Iterator[Page]:
    context = browser.new_context(locale="zh-CN", viewport={"width": 1100, "height": 800})
    page = context.new_page()

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            console_errors.append(message.text)

    page.on("console", note)
    yield page
    context.close()


def ask(page: Page, question: str) -> None:
    page.get_by_role("textbox").fill(question)
    page.keyboard.press("Enter")


def picture(page: Page, name: str) -> None:
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.wait_for_timeout(600)  # panels slide in
    page.screenshot(path=PICTURES / f"{name}.png")


def test_a_citation_opens_the_exact_quoted_words(live: Live, page: Page, console_errors: list[str]) -> None:
    page.goto(live.url)
    picture(page, "empty")
    ask(page, "在家自己量血压，多少算高血压？")
    expect(page.get_by_text("不是诊断或处方", exact=False).first).to_be_visible(timeout=_ANSWER_WAIT_MS)
    picture(page, "answer")
    page.locator("button.chip").first.click()
    quoted = page.locator("mark").first
    expect(quoted).to_be_visible()
    picture(page, "citation")
    assert quoted.inner_text().strip()
    assert [] == console_errors


def test_without_an_engine_the_page_shows_quotations_and_says_so(
    live_without_engine: Live, page: Page
) -> None:
    page.goto(live_without_engine.url)
    ask(page, "二甲双胍有哪些不良反应？")
    expect(page.get_by_text("语言模型暂时不可用", exact=False).first).to_be_visible(timeout=_ANSWER_WAIT_MS)
    picture(page, "degraded")
    assert page.locator("button.chip").count() > 0


def test_an_emergency_is_shown_above_the_answer(live_without_engine: Live, page: Page) -> None:
    page.goto(live_without_engine.url)
    ask(page, "我爸突然嘴歪、说话不清，怎么办？")
    expect(page.get_by_role("alert").first).to_contain_text("120", timeout=_ANSWER_WAIT_MS)
    picture(page, "emergency")
