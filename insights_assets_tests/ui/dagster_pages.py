"""The Dagster UI as a user works it, in a real browser: pages, dialogs, what they show."""

from collections.abc import Sequence
from dataclasses import dataclass

from playwright.sync_api import Page, expect

SLOW_MS = 90_000  # the first page waits for the code location, which loads in its own process


@dataclass(frozen=True)
class DagsterUi:
    """One browser page on a running UI at `base`."""

    page: Page
    base: str

    def materialize(self, asset: str, weeks: str, accounts: Sequence[str] | None = None) -> str:
        """Launch partitions from the asset's page by mouse; `accounts` None takes all.

        Returns:
            What the launching button said.
        """
        self.page.goto(f"{self.base}/assets/{asset}?view=partitions", wait_until="domcontentloaded")
        button = self.page.locator("button:has-text('Materialize'):not([disabled])").first
        button.click(timeout=SLOW_MS)
        dialog = self.page.locator("[role=dialog]").last
        box = dialog.get_by_placeholder("ex: 2024-01-01").last
        box.fill(weeks)
        box.press("Enter")
        if accounts is None:
            dialog.get_by_role("button", name="All").first.click()
        else:
            dialog.get_by_text("Select a partition or create one").click()
            for name in accounts:
                self.page.locator(f'text="{name}" >> visible=true').last.click()
            self.page.keyboard.press("Escape")
        launch = self.page.locator("button:has-text('Launch')").last
        expect(launch).to_be_enabled()
        said = launch.inner_text()
        launch.click()
        expect(dialog).to_be_hidden(timeout=SLOW_MS)
        return said

    def sees_check(self, asset: str, check: str, *told: str) -> None:
        """Open a check's page and wait until it shows each of the sentences."""
        self.page.goto(f"{self.base}/assets/{asset}?view=checks&checkDetail={check}", wait_until="domcontentloaded")
        for sentence in told:
            expect(self.page.get_by_text(sentence).first).to_be_visible(timeout=SLOW_MS)

    def sees_partitions(self, asset: str, told: str) -> None:
        """Open an asset's page of partitions and wait until it shows a sentence."""
        self.page.goto(f"{self.base}/assets/{asset}?view=partitions", wait_until="domcontentloaded")
        expect(self.page.get_by_text(told).first).to_be_visible(timeout=SLOW_MS)
