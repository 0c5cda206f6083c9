"""What every screen stands in: header, footer, command line, palette, help, menus of letters."""
