"""`Previewed`: a table for each tab, and beside it, or in its place, what is known of what is under the cursor."""

from textual.widget import Widget

from console.frame.tabbed import Tabbed

WIDE = 110
"""Columns from which the preview stands beside the table; below, it stands in its place."""


class Previewed(Tabbed):
    """The preview is `#aside`. A subclass names what is in front, and arranges both in :meth:`fit`."""

    def __init__(self) -> None:
        super().__init__()
        self.is_over = False
        """Whether the preview stands in the place of the table."""

    @property
    def front(self) -> Widget:
        """What has the keyboard on the tab in front."""
        raise NotImplementedError

    def fit(self) -> None:
        """The preview beside the table where there is room; else in its place, once it is asked for."""
        raise NotImplementedError

    @property
    def is_wide(self) -> bool:
        """Whether there is room beside the rows."""
        return self.room >= WIDE and not self.console.preferences.current.linear

    @property
    def is_off(self) -> bool:
        """Whether the person wants no preview beside the rows."""
        return self.console.preferences.current.preview == "off"

    def on_screen_resume(self) -> None:
        """In front again; the hand comes back to the rows."""
        if self.is_mounted and self.focused is None:
            self.front.focus()

    def on_resize(self) -> None:
        """Other room, another arrangement."""
        if self.is_mounted:
            self.fit()

    def toggle_over(self) -> None:
        """Where there is no room beside the table, the preview in its place, and back."""
        self.is_over = not self.is_over
        self.fit()

    def action_preview(self) -> None:
        """Beside the table on or off; where there is no room for both, one or the other."""
        if self.is_wide:
            self.console.preferences.change(preview="right" if self.is_off else "off")
            self.fit()
        else:
            self.toggle_over()

    def action_preview_down(self) -> None:
        """More of what stands beside the table."""
        self._scroll(1)

    def action_preview_up(self) -> None:
        """Back in it."""
        self._scroll(-1)

    def _scroll(self, by: int) -> None:
        aside = self.query_one("#aside")
        aside.scroll_relative(y=by * max(1, aside.size.height // 2), animate=False)

    def action_back(self) -> None:
        """Out of the preview, then as everywhere."""
        if self.is_over:
            self.toggle_over()
        else:
            super().action_back()
